"""A generator is registered and becomes champion or challenger, in a store of its own with runs that are made up."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote

import mlflow.pyfunc
import pytest
from mlflow import MlflowClient
from mlflow.entities import LoggedModel, LoggedModelStatus
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import PERMISSION_DENIED

from pipeline.data.files import write_bytes
from pipeline.data.keys import Key
from pipeline.runs.folder import LAYOUT, RunFolder
from pipeline.runs.location import find_run
from pipeline.runs.promotion import CHALLENGER, CHAMPION, OTHER, PART, Promotion, PromotionError, promote_run
from pipeline.serving import CODE
from pipeline.tracking.errors import TrackingError
from pipeline.tracking.runs import Run, RunDescription
from pipeline.tracking.store import Store, connect
from pipeline.training.history import Point
from tests.composing import settings_of

pytestmark = pytest.mark.slow

NAME = "digits-generator"
DIGESTS = {"data.digest": "d", "judge.digest": "j", "code.digest": "c"}
Promote = Callable[..., Promotion]


@pytest.fixture
def store(migrated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    shutil.copy(migrated, tmp_path)
    monkeypatch.setattr("getpass.getuser", lambda: "ada")
    return connect(family="acgan", experiment="mnist", root=tmp_path)


def trained(
    store: Store,
    distance: float,
    *,
    seed: int = 0,
    steps: int = 100,
    part: str = PART,
    other: str = "",
    **tags: str,
) -> str:
    """A finished training that reported this distance and logged a generator; `other` is a digest that differs."""
    digests = DIGESTS | ({f"{other}.digest": "other"} if other else {}) | tags
    parameters = {"seed": seed, "acgan": {"steps": steps}, "judge": {"report_images": 2000}}
    description = RunDescription(name=f"acgan {steps}", parameters=parameters, tags={"kind": "training", **digests})
    values = {
        "heldout/frechet_digit_distance": distance,
        "heldout/accuracy": 0.99,
        "reference/accuracy": 0.99,
        "trained/quality/frechet_digit_distance": distance / 2,
    }
    with Run(store, description, system_metrics=False) as run:
        run.log(Point(Key.parse(text), value, steps) for text, value in values.items())
    for name in (part, OTHER):
        model = store.client.create_logged_model(store.experiment_id, name=name, source_run_id=run.run_id)
        with TemporaryDirectory() as folder:
            write_bytes(b"weights", Path(folder) / "data" / "model.keras")
            store.client.log_model_artifacts(model.model_id, folder)
        store.client.finalize_logged_model(model.model_id, "READY")
    return run.run_id


def trained_seeds(store: Store, *distances: float, steps: int) -> str:
    first, *_ = [trained(store, one, seed=seed, steps=steps) for seed, one in enumerate(distances)]
    return first


@pytest.fixture
def promote(store: Store, tmp_path: Path) -> Promote:
    def promoted(run_id: str, *words: str, label: str = "null") -> Promotion:
        folder = RunFolder(tmp_path / run_id)
        blocks = settings_of(f"label={label}").of_training()
        folder.update_metadata(layout=LAYOUT, run_id=run_id, steps=100, settings=blocks)
        settings = settings_of(f"run={folder.path.as_posix()}", *words)
        return promote_run(find_run(settings), settings, store)

    return promoted


def holder(store: Store, alias: str) -> ModelVersion:
    return store.client.get_model_version_by_alias(NAME, alias)


def service_of(store: Store, name: str) -> LoggedModel:
    (model,) = store.client.search_logged_models([store.experiment_id], f"name = '{name}'")
    return model


def test_the_first_version_is_the_champion_and_says_who_why_and_how_good(store: Store, promote: Promote) -> None:
    run_id = trained(store, 1.25)
    promotion = promote(run_id)
    assert promotion == Promotion(NAME, "1", CHAMPION, ["it is the first version"])
    version = holder(store, CHAMPION)
    assert version.run_id == run_id
    for text in ("promoted by ada", "Decided: champion", "it is the first version", "| heldout/accuracy | 0.99 |"):
        assert text in str(version.description)
    assert (
        version.tags.items()
        >= {
            **DIGESTS,
            "decided": "champion",
            "promoted.by": "ada",
            "heldout/frechet_digit_distance": "1.25",
            "trained/quality/frechet_digit_distance": "0.625",
        }.items()
    )
    model = service_of(store, NAME)
    assert version.source == model.artifact_location
    assert json.loads(model.tags["mlflow.modelVersions"]) == [{"name": NAME, "version": version.version}]
    metrics = {metric.key: metric.value for metric in model.metrics or []}
    assert metrics["heldout/frechet_digit_distance"] == 1.25


def test_a_run_becomes_champion_where_the_champions_version_was_deleted_and_is_not_called_the_first(
    store: Store, promote: Promote
) -> None:
    promote(trained(store, 1.0, steps=100))
    promote(run_id := trained(store, 2.0, steps=200))
    store.client.delete_model_version(NAME, "1")
    assert promote(run_id) == Promotion(NAME, "2", CHAMPION, ["no version was the champion"])


def test_an_interrupted_promotion_is_finished_by_the_next(
    store: Store, promote: Promote, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = trained(store, 1.25)
    stops: list[tuple[Any, str]] = [
        (mlflow.pyfunc, "save_model"),
        (MlflowClient, "create_model_version"),
        (MlflowClient, "set_logged_model_tags"),
    ]
    for owner, name in stops:
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, _interrupt)
            with pytest.raises(KeyboardInterrupt):
                promote(run_id)
        if name == "save_model":
            assert not store.client.search_registered_models()
    promote(run_id)
    for name in (NAME, "digits-discriminator"):
        model = service_of(store, name)
        assert model.status == LoggedModelStatus.READY
        (version,) = store.client.search_model_versions(f"name = '{name}'")
        assert version.source == model.artifact_location
        assert json.loads(model.tags["mlflow.modelVersions"]) == [{"name": name, "version": version.version}]


def _interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_the_discriminator_is_registered_beside_its_generator_and_their_services_hold_no_pickle(
    store: Store, promote: Promote
) -> None:
    run_id = trained(store, 1.25)
    promote(run_id)
    version = store.client.get_model_version_by_alias("digits-discriminator", CHAMPION)
    assert (version.run_id, version.tags["decided"]) == (run_id, CHAMPION)
    assert "The discriminator of `acgan 100`" in str(version.description)
    for name, part in ((NAME, PART), ("digits-discriminator", OTHER)):
        place = Path(unquote(service_of(store, name).artifact_location.removeprefix("file://")))
        files = {file.relative_to(place).as_posix() for file in place.rglob("*") if file.is_file()}
        described = {"MLmodel", "conda.yaml", "python_env.yaml", "requirements.txt"}
        assert files == {*described, f"{part}.py", "artifacts/model.keras"}
        assert (place / "artifacts" / "model.keras").read_bytes() == b"weights"
        assert (place / f"{part}.py").read_text(encoding="utf-8") == CODE[part].read_text(encoding="utf-8")


def test_a_run_that_was_promoted_as_generator_is_promoted_under_another_name_too(
    store: Store, promote: Promote
) -> None:
    run_id = trained(store, 1.25)
    assert promote(run_id, f"promote.name={PART}").name == PART
    assert promote(run_id).name == NAME


def test_real_digits_count_as_often_as_the_reports_measured_them(store: Store, promote: Promote) -> None:
    promote(trained_seeds(store, 1.0, 1.1, 1.2, steps=100))
    few = [trained(store, 0.5 + seed / 100, seed=seed, steps=200, **{"judge.real_images": "500"}) for seed in range(3)]
    said = " ".join(promote(few[0]).reasons)
    assert "that of real ones at least 0.9768" in said  # of 2,000 at 0.99 it would be 0.9846


def test_a_setting_that_is_better_by_more_than_chance_takes_the_championship(store: Store, promote: Promote) -> None:
    promote(trained_seeds(store, 1.0, 1.1, 1.2, steps=100))
    better = promote(trained_seeds(store, 0.5, 0.51, 0.52, steps=200))
    assert (better.version, better.alias) == ("2", CHAMPION)
    assert all(reason.startswith("yes: ") for reason in better.reasons)
    assert str(holder(store, CHAMPION).version) == "2"


def test_one_that_is_not_becomes_the_challenger_until_its_other_seeds_are_trained(
    store: Store, promote: Promote
) -> None:
    promote(trained_seeds(store, 1.0, 1.1, 1.2, steps=100))
    run_id = trained(store, 0.5, steps=200)
    first = promote(run_id)
    assert (first.version, first.alias) == ("2", CHALLENGER)
    assert "no: the challenger's setting is trained with 1 seed, 3 are needed" in first.reasons
    assert str(holder(store, CHAMPION).version) == "1"
    assert str(holder(store, CHALLENGER).version) == "2"
    for seed in (1, 2):
        trained(store, 0.5 + seed / 100, seed=seed, steps=200)
    again = promote(run_id)
    assert (again.version, again.alias) == ("2", CHAMPION)
    registered = store.client.get_registered_model(NAME)
    assert {alias: str(version) for alias, version in registered.aliases.items()} == {CHAMPION: "2"}
    assert "Decided: champion" in str(holder(store, CHAMPION).description)


def test_who_may_not_take_an_alias_away_gives_the_other_and_is_told(
    store: Store, promote: Promote, monkeypatch: pytest.MonkeyPatch
) -> None:
    promote(trained_seeds(store, 1.0, 1.1, 1.2, steps=100))
    run_id = trained(store, 0.5, steps=200)
    promote(run_id)
    for seed in (1, 2):
        trained(store, 0.5 + seed / 100, seed=seed, steps=200)

    def refuse(_client: object, _name: str, _alias: str) -> None:
        raise MlflowException("Permission denied", PERMISSION_DENIED)

    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "delete_registered_model_alias", refuse)
        promotion = promote(run_id)
    assert promotion.alias == CHAMPION
    assert list(promotion.reasons[-2:]) == [
        f"version 2 of {name} stays challenger too: only who made that model, or the server's admin, may take the "
        "alias away; the same command does then"
        for name in (NAME, "digits-discriminator")
    ]
    for name in (NAME, "digits-discriminator"):
        aliases = store.client.get_registered_model(name).aliases
        assert {alias: str(version) for alias, version in aliases.items()} == {CHAMPION: "2", CHALLENGER: "2"}
    assert list(promote(run_id).reasons) == ["it is the champion already"]
    for name in (NAME, "digits-discriminator"):
        assert store.client.get_registered_model(name).aliases.keys() == {CHAMPION}


def test_a_promotion_adds_no_point_to_the_curves_of_the_training(store: Store, promote: Promote) -> None:
    run_id = trained(store, 1.0)
    keys = store.client.get_run(run_id).data.metrics
    before = {key: store.client.get_metric_history(run_id, key) for key in keys}
    promote(run_id)
    after = {key: store.client.get_metric_history(run_id, key) for key in keys}
    assert [[vars(point) for point in points] for points in after.values()] == [
        [vars(point) for point in points] for points in before.values()
    ]


def test_a_run_of_another_experiment_is_registered_with_the_seeds_there(
    store: Store, promote: Promote, tmp_path: Path
) -> None:
    there = connect(family="acgan", experiment="other", root=tmp_path)
    run_id = trained_seeds(there, 1.0, 1.1, 1.2, steps=100)
    assert promote(run_id).alias == CHAMPION
    assert service_of(there, NAME).source_run_id == run_id
    better = trained_seeds(store, 0.5, 0.51, 0.52, steps=200)
    assert promote(better).alias == CHAMPION


@pytest.mark.parametrize("why", [{"other": "code"}, {"other": "start"}, {"search.trial": "1"}, {"label": "smoke"}])
def test_seeds_of_other_code_or_another_start_trials_and_labelled_runs_do_not_count(
    why: dict[str, str], store: Store, promote: Promote
) -> None:
    promote(trained_seeds(store, 1.0, 1.1, 1.2, steps=100))
    run_id = trained(store, 0.5, steps=200)
    for seed in (1, 2):
        trained(store, 0.5, seed=seed, steps=200, **why)
    assert promote(run_id).alias == CHALLENGER


def test_a_trial_that_is_promoted_is_one_seed_of_its_setting(store: Store, promote: Promote) -> None:
    promote(trained_seeds(store, 1.0, 1.1, 1.2, steps=100))
    trial: dict[str, Any] = {"search.trial": "1"}
    run_id = trained(store, 0.5, steps=200, **trial)
    for seed in (1, 2):
        trained(store, 0.5 + seed / 100, seed=seed, steps=200)
    assert promote(run_id).alias == CHAMPION


def test_what_is_labelled_as_no_real_training_is_promoted_by_force_alone(store: Store, promote: Promote) -> None:
    run_id = trained(store, 1.0)
    with pytest.raises(PromotionError, match="must be a real training to be promoted, and this one is labelled smoke"):
        promote(run_id, label="smoke")
    assert promote(run_id, "force=true", label="smoke").alias == CHAMPION
    assert holder(store, CHAMPION).tags["forced"] == "label"


@pytest.mark.parametrize("what", ["data", "judge", "code", "start"])
def test_another_data_judge_code_or_start_is_refused_unless_forced_which_is_recorded(
    what: str, store: Store, promote: Promote
) -> None:
    promote(trained(store, 1.0))
    run_id = trained(store, 0.5, steps=200, other=what)
    with pytest.raises(
        PromotionError, match=rf"compared with version 1: its {what} differs\. .* force=true"
    ) as refused:
        promote(run_id)
    assert "\n" not in str(refused.value)
    assert len(store.client.search_model_versions(f"name = '{NAME}'")) == 1
    forced = promote(run_id, "force=true")
    version = store.client.get_model_version(NAME, forced.version)
    assert version.tags["forced"] == what
    assert f"forced, although these are not the champion's: {what}" in str(version.description)


def test_a_champion_whose_run_was_deleted_is_replaced_by_force_alone(store: Store, promote: Promote) -> None:
    first = trained(store, 1.0)
    promote(first)
    store.client.delete_run(first)
    run_id = trained(store, 2.0, steps=200)
    with pytest.raises(PromotionError, match=r"the champion's run was deleted, .* version 1 of .* force=true"):
        promote(run_id)
    promoted = promote(run_id, "force=true")
    assert (promoted.alias, promoted.reasons) == (CHAMPION, ["the former champion's run was deleted"])
    assert store.client.get_model_version(NAME, promoted.version).tags["forced"] == "run"


def test_the_champion_stays_what_it_is(store: Store, promote: Promote) -> None:
    run_id = trained(store, 1.0)
    promote(run_id)
    assert promote(run_id) == Promotion(NAME, "1", CHAMPION, ["it is the champion already"])


def test_a_version_follows_a_project_whose_folder_is_moved(store: Store, promote: Promote, tmp_path: Path) -> None:
    promote(trained(store, 1.0))
    moved = shutil.copytree(tmp_path, tmp_path.with_name(f"{tmp_path.name} moved"))
    there = connect(family="acgan", experiment="mnist", root=moved)
    model = service_of(there, NAME)
    version = there.client.get_model_version_by_alias(NAME, CHAMPION)
    assert version.source == model.artifact_location
    assert there.client.get_model_version_download_uri(NAME, str(version.version)) == model.artifact_location
    assert model.artifact_location.startswith(moved.as_uri())


def test_a_run_that_the_store_does_not_know_or_that_logged_no_generator_is_refused(
    store: Store, promote: Promote
) -> None:
    with pytest.raises(TrackingError, match="must be in this tracking store to be registered"):
        promote("0" * 32)
    with pytest.raises(TrackingError, match="must have logged a model `generator`"):
        promote(trained(store, 1.0, part="decoder"))
    assert store.client.search_registered_models() == []
