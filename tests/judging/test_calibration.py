"""A fitted judge with its references, written and read again."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.data.dataset import split
from pipeline.data.errors import DataError
from pipeline.data.files import WriteError
from pipeline.data.keys import Key
from pipeline.evaluation.accuracy import accuracy, confusion
from pipeline.evaluation.frechet import FeatureScale
from pipeline.evaluation.measures import measure, measure_quickly
from pipeline.judging.calibration import REAL_ARRAYS, Calibration, Judge, load_calibration
from pipeline.judging.files import JUDGE
from pipeline.judging.folder import holds
from pipeline.judging.identity import judge_name
from pipeline.judging.network import build_judge
from pipeline.judging.result import FittedJudge, write_calibration
from pipeline.settings.images import DIGITS
from tests.judges import HELD_OUT, TESTED, TRAINED, draw_kinds, tiny_fitted, tiny_mnist, tiny_settings

pytestmark = pytest.mark.slow

FILES = {"judge.json", "weights.npz", "references.json", "real.npz", "metrics.json"}
IDENTITY = {"settings": tiny_settings().model_dump(mode="json"), "limit": None, "data": "d1", "code": "c2"}
IMAGES, LABELS = draw_kinds(5, 100)


def written(folder: Path, fitted: FittedJudge) -> str:
    return write_calibration(fitted, folder, IDENTITY)


WRITTEN = 1e-11  # figures are written with 12 significant digits


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "judges" / judge_name(IDENTITY)
    written(path, tiny_fitted())
    return path


@pytest.fixture(scope="module")
def calibration(folder: Path) -> Calibration:
    return load_calibration(folder, tiny_mnist())


def test_a_judge_is_read_with_the_accuracy_and_references_that_were_written(calibration: Calibration) -> None:
    fitted = tiny_fitted()
    assert calibration.settings == tiny_settings()
    assert calibration.accuracy == pytest.approx(fitted.accuracy["test"], rel=WRITTEN)
    assert calibration.accuracy > 0.9
    assert calibration.references == pytest.approx(fitted.references["evaluation"], rel=WRITTEN)
    assert calibration.report_references == pytest.approx(fitted.references["report"], rel=WRITTEN)


def test_the_same_settings_make_the_same_files_byte_for_byte(folder: Path, tmp_path: Path) -> None:
    written(tmp_path, tiny_fitted.__wrapped__())
    assert {path.name for path in folder.iterdir()} == FILES
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name


@pytest.mark.parametrize("unwritten", sorted(FILES - {"judge.json"}))
def test_a_judge_without_one_of_its_files_does_not_count_as_whole(unwritten: str, tmp_path: Path) -> None:
    (tmp_path / unwritten).mkdir()  # which cannot be replaced by a file
    with pytest.raises(WriteError, match=unwritten):
        written(tmp_path, tiny_fitted())
    assert not holds(tmp_path, IDENTITY)


def test_a_digest_is_of_weights_and_scale_and_not_of_references(calibration: Calibration, tmp_path: Path) -> None:
    fitted = tiny_fitted()
    untrained = Judge(build_judge(tiny_settings(), format=DIGITS), fitted.judge.scale)
    rescaled = Judge(fitted.judge.model, FeatureScale(1.0))
    assert written(tmp_path / "smaller", replace(fitted, references={})) == calibration.digest
    for number, judge in enumerate((untrained, rescaled)):
        assert written(tmp_path / str(number), replace(fitted, judge=judge)) != calibration.digest
    assert len(calibration.digest) == 64


def test_the_judge_is_trained_on_none_of_what_it_is_measured_on() -> None:
    splits = split(tiny_mnist(), validation=tiny_settings().validation, limit=None)
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (TRAINED, HELD_OUT, TESTED)
    np.testing.assert_array_equal(splits.validation.images, tiny_mnist().train_images[-HELD_OUT:])
    few = split(tiny_mnist(), validation=tiny_settings().validation, limit=100)
    assert [len(part) for part in (few.train, few.validation, few.test)] == [100] * 3


def test_the_real_samples_are_the_first_images_of_their_splits(calibration: Calibration) -> None:
    assert (len(calibration.test), len(calibration.validation)) == (100, 60)
    np.testing.assert_array_equal(calibration.test.images, tiny_mnist().test_images[:100])
    np.testing.assert_array_equal(calibration.test.digits, tiny_mnist().test_labels[:100])
    np.testing.assert_array_equal(calibration.validation.images, tiny_mnist().train_images[TRAINED:][:60])
    assert calibration.validation.manifold is calibration.validation.manifold


def test_the_kept_view_of_real_digits_is_what_the_judge_makes_of_them(calibration: Calibration) -> None:
    for real in (calibration.test, calibration.validation):
        again = calibration.judge.sample(real.images, real.digits)
        np.testing.assert_allclose(again.features, real.features, atol=1e-4)
        np.testing.assert_allclose(again.probabilities, real.probabilities, atol=1e-5)


def test_the_kept_nearest_images_are_those_of_the_training_split(calibration: Calibration) -> None:
    found = calibration.training.nearest(calibration.test.images)
    assert calibration.test.nearest is not None
    np.testing.assert_array_equal(calibration.test.nearest.indices, found.indices)
    np.testing.assert_array_equal(calibration.test.nearest.distances, found.distances)


def test_features_of_the_training_images_vary_by_a_hundred_in_total(calibration: Calibration) -> None:
    train = calibration.splits.train
    count = calibration.settings.images
    features = calibration.judge.sample(train.images[:count], train.labels[:count]).features
    assert features.var(axis=0, ddof=1).sum() == pytest.approx(100, rel=1e-3)


def test_every_measure_of_as_many_digits_has_its_reference(calibration: Calibration) -> None:
    nearest = calibration.training.nearest(IMAGES)
    asked = calibration.judge.sample(IMAGES / 127.5 - 1, LABELS[:, np.newaxis], nearest=nearest)
    assert measure(asked, calibration.test, seed=0).keys() == calibration.references.keys()
    assert measure_quickly(asked, calibration.validation).keys() == calibration.report_references.keys()


def test_references_are_of_training_against_unseen_digits_and_as_many_of_them(calibration: Calibration) -> None:
    train = calibration.splits.train
    for real, references in (
        (calibration.test, calibration.references),
        (calibration.validation, calibration.report_references),
    ):
        count = len(real)
        training = calibration.judge.sample(train.images[:count], train.labels[:count])
        values = measure_quickly(training, real)
        assert references[Key("frechet_digit_distance")] == pytest.approx(
            values[Key("frechet_digit_distance")], rel=1e-3
        )
        assert references[Key("coverage")] == pytest.approx(values[Key("coverage")], abs=0.02)
        assert references[Key("accuracy")] == accuracy(confusion(real.probabilities, real.digits))


def test_a_confusion_table_counts_every_test_image() -> None:
    fitted = tiny_fitted()
    assert fitted.confusion.sum(axis=1).tolist() == [TESTED // 10] * 10
    assert fitted.accuracy["test"] == fitted.confusion.trace() / TESTED


@pytest.mark.parametrize("change", [{"limit": 300}, {"data": "d2"}, {"code": "c3"}, {"settings": {}}])
def test_a_folder_holds_the_judge_of_what_decided_it_alone(change: dict[str, Any], folder: Path) -> None:
    assert holds(folder, IDENTITY)
    assert not holds(folder, {**IDENTITY, **change})
    assert judge_name({**IDENTITY, **change}) != judge_name(IDENTITY)


@pytest.mark.parametrize("content", [None, "", '{"settings', "[]"])
def test_a_folder_whose_judge_is_not_whole_holds_none(content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / JUDGE).write_text(content, encoding="utf-8")
    assert not holds(tmp_path, IDENTITY)


@pytest.mark.parametrize("name", sorted(FILES - {"metrics.json"}))
def test_a_damaged_judge_is_refused_in_one_line(name: str, folder: Path, tmp_path: Path) -> None:
    for path in folder.iterdir():
        content = path.read_bytes()
        (tmp_path / path.name).write_bytes(content[: len(content) // 2] if path.name == name else content)
    with pytest.raises(DataError, match="is no whole judge: delete it and train it again") as refused:
        load_calibration(tmp_path, tiny_mnist())
    assert "\n" not in str(refused.value)


def test_the_kept_arrays_are_those_of_both_real_samples() -> None:
    found = tiny_fitted().real
    assert tuple(found) == REAL_ARRAYS
    lengths = {name: len(array) for name, array in found.items()}
    assert lengths == {name: 100 if name.startswith("test") else 60 for name in REAL_ARRAYS}


def test_references_are_numbers_that_json_has(folder: Path) -> None:
    for references in json.loads((folder / "references.json").read_text(encoding="utf-8")).values():
        assert all(isinstance(value, float) and np.isfinite(value) for value in references.values())
