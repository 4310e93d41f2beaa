"""Tests of checkpoints: nothing is lost, and no other file is taken for one."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras.src.backend.common.dtypes import ALLOWED_DTYPES

from pipeline.data.files import UNFINISHED, WriteError
from pipeline.data.keys import Key
from pipeline.data.npz import write_npz
from pipeline.training.checkpoints import (
    CheckpointError,
    load_checkpoint,
    load_parts,
    load_state,
    save_checkpoint,
    save_parts,
    save_state,
)
from pipeline.training.history import History, Point
from tests.training.conftest import Trainings
from tests.training.tiny import arrays, assert_same_bits, small_training

HISTORY = History(
    step=3, points=[Point(Key.parse("train/loss"), 1 / 3, 3)], window={Key.parse("train/loss"): 0.1}, window_steps=1
)


def _small_variables(width: int = 3, dtype: str = "float32") -> dict[str, keras.Variable]:
    return {
        "generator/00": keras.Variable(np.arange(2 * width).reshape(2, width), dtype=dtype),
        "generator/01": keras.Variable(np.array(7), dtype="int32"),
    }


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "runs" / "checkpoint.npz"
    save_state(path, _small_variables(), HISTORY)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["original", "shared"])
def test_the_whole_state_comes_back_to_the_last_bit(trainings: Trainings, tmp_path: Path, recipe: str) -> None:
    training = trainings(recipe=recipe)
    for step in range(2):
        training.take_step(step)
    before = arrays(training.variables())
    save_state(tmp_path / "state.npz", training.variables(), HISTORY)
    rested = small_training(recipe=recipe)
    assert load_state(tmp_path / "state.npz", rested.variables()) == HISTORY
    assert_same_bits(arrays(rested.variables()), before)


def test_names_are_the_same_in_a_training_that_is_built_later(trainings: Trainings) -> None:
    one, other = trainings(), small_training()
    assert {name: variable.shape for name, variable in one.variables().items()} == {
        name: variable.shape for name, variable in other.variables().items()
    }


def test_dropout_goes_on_where_it_was(trainings: Trainings, tmp_path: Path) -> None:
    training = trainings()
    discriminator = training.networks.discriminator
    image = {"image": np.ones((2, 28, 28, 1), np.float32)}
    save_state(tmp_path / "state.npz", training.variables(), HISTORY)
    first, second = (np.asarray(discriminator(image, training=True)["auxiliary"]) for _ in range(2))
    load_state(tmp_path / "state.npz", training.variables())
    np.testing.assert_array_equal(np.asarray(discriminator(image, training=True)["auxiliary"]), first)
    assert not np.array_equal(first, second)


def test_special_numbers_come_back_to_the_last_bit(tmp_path: Path) -> None:
    odd = np.array([np.nan, np.inf, -0.0, 1e-45, np.finfo("float32").max], np.float32)
    save_state(tmp_path / "state.npz", {"weight": keras.Variable(odd)}, HISTORY)
    again = {"weight": keras.Variable(np.zeros(5, np.float32))}
    load_state(tmp_path / "state.npz", again)
    assert again["weight"].numpy().tobytes() == odd.tobytes()


@pytest.mark.parametrize("dtype", sorted(set(ALLOWED_DTYPES) - {"string"}))
def test_every_type_of_numbers_comes_back_to_the_last_bit(dtype: str, tmp_path: Path) -> None:
    bits = np.arange(6, dtype=np.uint8) % 2
    numbers = np.repeat(bits, np.dtype(dtype).itemsize).view(dtype).reshape(2, 3)
    save_state(tmp_path / "state.npz", {"weight": keras.Variable(numbers, dtype=dtype)}, HISTORY)
    again = keras.Variable(np.zeros((2, 3), dtype), dtype=dtype)
    load_state(tmp_path / "state.npz", {"weight": again})
    assert (again.dtype, again.numpy().tobytes()) == (dtype, numbers.tobytes())


def test_a_checkpoint_leaves_nothing_aside_and_replaces_the_last(saved: Path) -> None:
    save_state(saved, _small_variables(), History(step=9))
    assert [file.name for file in saved.parent.iterdir()] == ["checkpoint.npz"]
    assert load_state(saved, _small_variables()).step == 9


def test_what_a_kill_left_aside_does_no_harm(saved: Path) -> None:
    saved.with_name(f".checkpoint.1{UNFINISHED}.npz").write_bytes(b"half a checkpoint")
    save_state(saved, _small_variables(), HISTORY)
    assert load_state(saved, _small_variables()) == HISTORY


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0xFF
    path.write_bytes(content)


def _array_alone(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.arange(3))


def _text(path: Path) -> None:
    path.write_text("no archive\n", encoding="utf-8")


def _pickle(path: Path) -> None:
    objects: Any = np.array([{"a": 1}], dtype=object)
    with path.open("wb") as file:
        np.savez(file, history=objects)


def _foreign(path: Path) -> None:
    write_npz({"x_train": np.zeros((3, 28, 28), np.uint8)}, path)


def _other_json(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, history=np.frombuffer(b'{"points": [], "epoch": 3}', np.uint8))


def _no_history(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, history=np.frombuffer(b"[1, 2", np.uint8))


DAMAGES: list[Callable[[Path], object]] = [
    lambda path: path.write_bytes(b""),
    lambda path: path.unlink(),
    _cut,
    _flip,
    _array_alone,
    _text,
    _pickle,
    _foreign,
    _other_json,
    _no_history,
]
NAMES = ["empty", "missing", "cut", "flipped", "array", "text", "pickle", "foreign", "other history", "no history"]


@pytest.mark.parametrize("damage", DAMAGES, ids=NAMES)
def test_a_damaged_or_foreign_file_is_refused_in_one_line_and_changes_nothing(
    saved: Path, damage: Callable[[Path], object]
) -> None:
    damage(saved)
    variables = {name: keras.Variable(variable + 1) for name, variable in _small_variables().items()}
    before = arrays(variables)
    with pytest.raises(CheckpointError, match=r"checkpoint\.npz must be a training's state") as refusal:
        load_state(saved, variables)
    assert "\n" not in str(refusal.value)
    assert_same_bits(arrays(variables), before)


def test_a_file_with_any_byte_altered_or_any_number_of_bytes_missing_is_refused(saved: Path) -> None:
    content, variables = saved.read_bytes(), _small_variables()
    before = arrays(variables)
    altered = (
        content[:place] + bytes([byte ^ 1 << place % 8]) + content[place + 1 :] for place, byte in enumerate(content)
    )
    for damaged in chain(altered, (content[:length] for length in range(len(content)))):
        saved.write_bytes(damaged)
        with pytest.raises(CheckpointError):
            load_state(saved, variables)
    assert_same_bits(arrays(variables), before)
    saved.write_bytes(content)
    assert load_state(saved, variables) == HISTORY


@dataclass(frozen=True)
class Kept:
    """Checkpoints of the steps 1, 2 and 3, of which the last two are kept; each variable is the step."""

    last: Path
    previous: Path
    variables: dict[str, keras.Variable]
    warnings: list[str]

    def load(self) -> int | None:
        history = load_checkpoint(self.last, self.variables, previous=self.previous, warn=self.warnings.append)
        if history is None:
            return None
        assert self.variables["step"].numpy() == history.step
        return history.step


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    kept = Kept(tmp_path / "c.npz", tmp_path / "c-previous.npz", {"step": keras.Variable(0, dtype="int32")}, [])
    for step in (1, 2, 3):
        kept.variables["step"].assign(step)
        save_checkpoint(kept.last, kept.variables, History(step=step), previous=kept.previous)
    kept.variables["step"].assign(9)
    return kept


def test_of_two_checkpoints_the_last_is_restored(kept: Kept) -> None:
    assert sorted(path.name for path in kept.last.parent.iterdir()) == ["c-previous.npz", "c.npz"]
    assert (kept.load(), kept.warnings) == (3, [])


@pytest.mark.parametrize("damage", [_cut, _flip, _pickle, _text], ids=["cut", "flipped", "pickle", "text"])
def test_a_damaged_checkpoint_is_replaced_by_the_one_before_it_with_a_warning(
    kept: Kept, damage: Callable[[Path], object]
) -> None:
    damage(kept.last)
    assert kept.load() == 2
    (warning,) = kept.warnings
    assert "c.npz must be a training's state" in warning
    assert warning.endswith("The checkpoint before it is used.")
    assert "\n" not in warning
    # The next one written must not push the whole one out.
    assert [path.name for path in kept.last.parent.iterdir()] == ["c.npz"]
    assert kept.load() == 2


def test_a_kill_between_the_two_renamings_leaves_the_one_before_and_no_warning(kept: Kept) -> None:
    kept.last.unlink()
    assert (kept.load(), kept.warnings) == (2, [])


def test_a_checkpoint_swapped_for_that_of_another_training_is_not_used(kept: Kept) -> None:
    save_state(kept.last, _small_variables(), History(step=7))
    assert kept.load() == 2
    assert "belongs to another model" in kept.warnings[0]


def test_two_damaged_checkpoints_are_one_line_with_what_to_do(kept: Kept) -> None:
    _cut(kept.last)
    _flip(kept.previous)
    with pytest.raises(CheckpointError, match=r"c\.npz must .*c-previous\.npz must .* Delete .* anew") as refusal:
        kept.load()
    assert "\n" not in str(refusal.value)
    assert kept.variables["step"].numpy() == 9


def test_without_a_checkpoint_there_is_nothing_to_restore(kept: Kept) -> None:
    kept.last.unlink()
    kept.previous.unlink()
    assert kept.load() is None


def test_a_checkpoint_of_other_networks_is_refused_by_the_name_that_only_one_has(saved: Path) -> None:
    fewer = _small_variables()
    fewer.pop("generator/01")
    with pytest.raises(CheckpointError, match="belongs to another model: only one of the two has `generator/01`"):
        load_state(saved, fewer)


def test_a_checkpoint_of_other_shapes_is_refused_with_both_shapes(saved: Path) -> None:
    wider = _small_variables(width=4)
    before = arrays(wider)
    with pytest.raises(
        CheckpointError, match=r"must be float32 of shape \(2, 4\)\. Received: float32 of shape \(2, 3\)"
    ):
        load_state(saved, wider)
    assert_same_bits(arrays(wider), before)


def test_a_checkpoint_of_other_numbers_is_refused_with_both_types(saved: Path) -> None:
    with pytest.raises(CheckpointError, match=r"`generator/00` must be float64 .*Received: float32 of"):
        load_state(saved, _small_variables(dtype="float64"))


def test_parts_come_back_whole_and_apart_from_the_training(trainings: Trainings, tmp_path: Path) -> None:
    training = trainings()
    save_parts(tmp_path / "last", training.parts())
    loaded = load_parts(tmp_path / "last")
    assert set(loaded) == {"generator", "discriminator", "combined"}
    assert sorted(file.name for file in (tmp_path / "last").iterdir()) == [
        "combined.keras",
        "discriminator.keras",
        "generator.keras",
    ]
    for name, model in training.parts().items():
        for weight, again in zip(model.get_weights(), loaded[name].get_weights(), strict=True):
            np.testing.assert_array_equal(weight, again)


def test_a_file_that_cannot_be_written_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "full").write_text("no folder", encoding="utf-8")
    with pytest.raises(WriteError, match="cannot be written"):
        save_state(tmp_path / "full" / "state.npz", _small_variables(), History())
    with pytest.raises(WriteError, match="cannot be written"):
        save_parts(tmp_path / "full", {"generator": keras.Sequential([keras.Input((1,))])})


def test_a_folder_without_models_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"must hold trained models \(\.keras\): train first, or `dvc pull`"):
        load_parts(tmp_path)


@pytest.mark.parametrize("share", [0, 0.5, 0.9])
def test_a_model_that_is_cut_off_is_refused_in_one_line(trainings: Trainings, tmp_path: Path, share: float) -> None:
    save_parts(tmp_path, {"generator": trainings().networks.averaged})
    file = tmp_path / "generator.keras"
    file.write_bytes(file.read_bytes()[: int(share * file.stat().st_size)])
    with pytest.raises(CheckpointError, match=r"generator\.keras is a damaged model") as refusal:
        load_parts(tmp_path)
    assert "\n" not in str(refusal.value)


def test_models_that_a_kill_left_half_written_are_not_loaded(trainings: Trainings, tmp_path: Path) -> None:
    save_parts(tmp_path, {"generator": trainings().networks.averaged})
    (tmp_path / f".generator.1{UNFINISHED}.keras").write_bytes(b"half a model")
    assert set(load_parts(tmp_path)) == {"generator"}
