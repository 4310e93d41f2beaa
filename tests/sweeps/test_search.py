"""Whole searches of a stage that trains nothing and logs figures made up, in real stores of MLflow and Optuna."""

import csv
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from hydra.plugins.launcher import Launcher
from mlflow.entities import Run
from optuna.exceptions import StorageInternalError
from sqlalchemy.exc import OperationalError

from pipeline.data.keys import Key, held_out_key
from pipeline.runs.trials import TrialJob
from pipeline.settings.composed import Settings
from pipeline.settings.errors import PipelineError, SettingsError
from pipeline.settings.job import Job, with_family
from pipeline.settings.search import read_search
from pipeline.sweeps import search as searching
from pipeline.sweeps.search import Trials, require_shared_storage
from pipeline.sweeps.study import Study, make_trial, overrides_of
from pipeline.tracking.pages import runs_where
from pipeline.tracking.recorder import Recorder
from pipeline.tracking.store import Store
from pipeline.tracking.sweeps import PRUNED
from pipeline.tracking.tags import TRIAL
from tests.sweeps.conftest import CallTrain
from tests.sweeps.test_summary import Stage, figures

pytestmark = [pytest.mark.slow]

QUALITY = ("+search=quality", "+debug=smoke")
TRIALS = "hydra.sweeper.search.trials"
WHOLE = (
    "hydra.sweeper.search={trials: 6, storage: 'sqlite:///few.db', maximize: [coverage], minimize: [], "
    "space: {acgan.auxiliary_weight.generated: {low: 0.0, high: 0.5, step: 0.25}}}"
)
DISTANCE = Key.parse("heldout/frechet_digit_distance")


@dataclass(frozen=True)
class Search:
    """A search whose command has ended: its status, what it printed, and its parent run with what that keeps."""

    status: int
    shown: str
    complained: str
    parent: Run | None
    trials: list[dict[str, str]]
    files: set[str]

    def states(self) -> list[str]:
        return [row["state"] for row in self.trials]


Call = Callable[..., Search]


@pytest.fixture
def call(call_train: CallTrain, store: Store, tmp_path: Path) -> Call:
    """Calls a stage as a search; a test's first call begins a search of its own."""
    earlier = {run.info.run_id for run in runs_where(store, "tags.kind = 'sweep'")}

    def own() -> list[Run]:
        found = (run for run in runs_where(store, "tags.kind = 'sweep'") if run.info.run_id not in earlier)
        return sorted(found, key=lambda run: int(run.info.end_time))

    def called(stage: Callable[[Settings, Job], None], *overrides: str) -> Search:
        new = f"sweep.new={str(not own() or 'sweep.new=true' in overrides).lower()}"
        place = f"hydra.sweep.dir={tmp_path / 'sweeps'}"
        status, shown, complained = call_train(stage, *overrides, new, place)
        if not (parents := own()):
            return Search(status, shown, complained, None, [], set())
        run_id = parents[-1].info.run_id
        kept = store.client.list_artifacts(run_id)
        folder = Path(store.client.download_artifacts(run_id, "")) if kept else tmp_path / "nothing"
        table = folder / "sweep.csv"
        rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines())) if table.exists() else []
        files = {file.name for file in folder.rglob("*.*")}
        return Search(status, shown, complained, parents[-1], rows, files)

    return called


def settings_of(row: dict[str, str]) -> list[str]:
    return [value for name, value in row.items() if name.rpartition(".")[2] in ("real", "trick", "generated", "rate")]


def test_a_search_trains_the_trials_asked_for_under_one_run_and_begins_with_the_own_settings(
    call: Call, store: Store
) -> None:
    stage = Stage(store)
    search = call(stage, *QUALITY, f"{TRIALS}=5")
    assert (search.status, stage.trained, search.states()) == (0, [0, 1, 2, 3, 4], ["complete"] * 5)
    assert search.parent is not None
    assert search.parent.info.status == "FINISHED"
    below = list(runs_where(store, f"tags.`mlflow.parentRunId` = '{search.parent.info.run_id}'"))
    assert sorted(run.data.tags[TRIAL] for run in below) == ["0", "1", "2", "3", "4"]
    assert {run.info.run_name for run in below} == {f"acgan trial {number} smoke" for number in range(5)}
    first = next(run for run in below if run.data.tags[TRIAL] == "0")
    assert float(first.data.params["acgan.soft_label.real"]) == 0.95
    assert float(first.data.params["acgan.discriminator.learning_rate"]) == 0.003
    assert (tuple(search.trials[0][name] for name in ("accuracy", "coverage"))) == ("0.89", "0.71")
    assert search.files == {"sweep.csv", "search.png"}


def test_of_two_measures_a_trial_is_among_the_best_unless_another_beats_it_in_both(call: Call, store: Store) -> None:
    search = call(Stage(store), *QUALITY, f"{TRIALS}=5", "acgan.steps=8")
    # Here accuracy grows with the weight by which coverage falls, so that only a weight that came twice is no choice.
    assert {row["best"] for row in search.trials} == {"yes"}
    assert search.parent is not None
    described = search.parent.data.tags["mlflow.note.content"]
    lines = [line for line in search.shown.splitlines() if line.startswith("python -m pipeline.train --multirun ")]
    assert len(lines) == 5
    assert lines[0] in described
    assert f"{TRIALS}=5\n" in described.partition("```")[2]
    assert "Candidates, not findings" in search.shown
    for line in lines:
        assert line.endswith(" seed=1,2,3")
        assert {"model=acgan", "+debug=smoke", "acgan.steps=8"} <= set(line.split())
        assert not {"+search=quality", "sweep.new", TRIALS} & {word.partition("=")[0] for word in line.split()}
    best = max(search.trials, key=lambda row: float(row["accuracy"]))
    assert f"acgan.auxiliary_weight.generated={best['auxiliary_weight.generated']} " in lines[0]


def test_the_same_command_goes_on_and_never_repeats_a_trial_that_has_ended(call: Call, store: Store) -> None:
    cut, again, more = Stage(store, {2: KeyboardInterrupt()}), Stage(store), Stage(store)
    before = call(cut, *QUALITY, f"{TRIALS}=4")
    after = call(again, *QUALITY, f"{TRIALS}=4")
    longer = call(more, *QUALITY, f"{TRIALS}=6")
    assert (before.status, cut.trained, before.states()) == (130, [0, 1, 2], ["complete", "complete", "interrupted"])
    assert (after.status, again.trained) == (0, [3, 4])
    assert after.states() == ["complete", "complete", "replaced", "complete", "complete"]
    assert settings_of(after.trials[2]) == settings_of(after.trials[3])
    assert (longer.status, more.trained) == (0, [5, 6])
    assert len({run.parent.info.run_id for run in (before, after, longer) if run.parent}) == 1
    tried = [tuple(settings_of(row)) for row in longer.trials if row["state"] != "replaced"]
    assert len(set(tried)) == len(tried) == 6


def test_a_trial_that_ended_after_its_command_was_killed_is_told_of_and_not_repeated(
    call: Call, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(_trials: Trials, _returned: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Trials, "on_end", die)
        before = call(Stage(store), *QUALITY, f"{TRIALS}=2")
    stage = Stage(store)
    after = call(stage, *QUALITY, f"{TRIALS}=2")
    assert (before.status, before.states()) == (130, ["interrupted"])
    assert (after.status, stage.trained, after.states()) == (0, [1], ["complete", "complete"])


def test_a_trial_whose_end_waits_in_its_spool_is_told_of_by_the_next_command(call: Call, store: Store) -> None:
    stage, again, runs = Stage(store), Stage(store), list[str]()

    def unsent(settings: Settings, job: Job) -> None:
        stage(settings, job)
        runs.append(list(runs_where(store, "tags.kind = 'training'"))[-1].info.run_id)
        store.client.update_run(runs[-1], status="RUNNING")

    before = call(unsent, *QUALITY, f"{TRIALS}=2", "acgan.steps=9")
    assert (stage.trained, before.states()) == ([0, 1], ["interrupted", "interrupted"])
    store.client.set_terminated(runs[0])
    after = call(again, *QUALITY, f"{TRIALS}=2", "acgan.steps=9")
    assert (again.trained, after.states()) == ([2], ["complete", "replaced", "complete"])


def test_values_of_a_trial_are_proposed_once_more_wherever_its_command_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    block = {"trials": 2, "storage": f"sqlite:///{tmp_path}/optuna.db", "maximize": ["coverage"], "minimize": []}
    own = {"acgan.soft_label.real": 0.9, "acgan.soft_label.trick": 0.8}
    study = Study(read_search({**block, "space": {address: {"low": 0.7, "high": 1.0} for address in own}}), seed=0)
    study.open("a", own)
    for place, call in (("optuna.Trial._suggest", study.ask), ("optuna.Study.tell", study.replace)):
        with monkeypatch.context() as patch:
            patch.setattr(place, die)
            with pytest.raises(KeyboardInterrupt):
                call(*study.running())
    study.replace(0)
    assert study.ask()[1] == ["acgan.soft_label.real=0.9", "acgan.soft_label.trick=0.8"]
    assert [state for _, state, _ in study.trials()] == ["replaced", "running"]


def go_away(*_: object, **__: object) -> None:
    """Raises what Optuna does where its database has gone away."""
    raise StorageInternalError("An exception is raised during the commit.") from OperationalError(
        "SELECT 1", {}, ConnectionRefusedError("connection refused")
    )


def test_a_storage_that_goes_away_ends_the_search_in_one_line_and_the_same_command_goes_on(
    call: Call, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut, again = Stage(store), Stage(store)
    with monkeypatch.context() as patch:
        patch.setattr(Study, "tell", go_away)
        patch.setattr(Study, "trials", go_away)
        before = call(cut, *QUALITY, f"{TRIALS}=2", "acgan.steps=13")
    assert (before.status, cut.trained) == (2, [0])
    (line,) = before.complained.splitlines()
    assert line.startswith("error: `hydra.sweeper.search.storage` must be a database that answers: ")
    assert "connection refused. Once it does, the same command goes on. Received: sqlite:///" in line
    assert before.parent is not None
    assert before.parent.info.status == "FAILED"
    after = call(again, *QUALITY, f"{TRIALS}=2", "acgan.steps=13")
    assert (after.status, again.trained, after.states()) == (0, [1], ["complete", "complete"])


def test_a_training_goes_on_where_the_storage_cannot_be_asked_whether_it_is_hopeless(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    block = {"trials": 2, "storage": f"sqlite:///{tmp_path}/optuna.db", "maximize": ["coverage"], "minimize": []}
    block |= {"space": {"acgan.soft_label.real": {"low": 0.7, "high": 1.0}}}
    study = Study(read_search(block), seed=0)
    study.open("a", {})
    place, _ = study.ask()
    trial = make_trial(Job("pipeline.train", ()), {**block, "trial": place.model_dump()}, steps=30)
    monkeypatch.setattr("optuna.trial.Trial.report", go_away)
    assert trial.is_hopeless(20, {held_out_key("coverage"): 0.1}) is False
    assert capsys.readouterr().out == "the search's storage does not answer: the trial goes on\n"


def test_values_that_come_again_get_their_measures_without_a_training(call: Call, store: Store) -> None:
    stage = Stage(store)
    search = call(stage, "hydra.mode=MULTIRUN", "+debug=smoke", WHOLE)
    values = {(row["generated"], row["coverage"]) for row in search.trials}
    assert (search.status, search.states()) == (0, ["complete"] * 6)
    assert len(stage.trained) == len(values) <= 3
    assert search.shown.count("python -m pipeline.train --multirun ") == 1


def test_a_search_whose_storage_was_lost_is_told_the_measures_of_its_own_trials(call: Call, store: Store) -> None:
    call(Stage(store), *QUALITY, f"{TRIALS}=1", "acgan.steps=10")
    other = Stage(store, figures=lambda settings: {**figures(settings), Key.parse("heldout/coverage"): 0.123})
    lost = call(other, *QUALITY, f"{TRIALS}=1", "acgan.steps=10", "hydra.sweeper.search.storage=sqlite:///lost.db")
    assert [(row["state"], row["coverage"]) for row in lost.trials] == [("complete", "0.123")]


@pytest.mark.parametrize(
    "other",
    [
        "acgan.steps=7",
        *(
            pytest.param(word, marks=pytest.mark.long)
            for word in ("seed=1", "hydra.sweeper.search.maximize=[accuracy]", "sweep.new=true")
        ),
    ],
)
def test_a_search_with_other_settings_is_another_one(other: str, call: Call, store: Store) -> None:
    first = call(Stage(store), *QUALITY, f"{TRIALS}=1")
    stage = Stage(store)
    second = call(stage, *QUALITY, f"{TRIALS}=1", other)
    assert (second.status, stage.trained) == (0, [0])
    assert first.parent is not None
    assert second.parent is not None
    assert first.parent.info.run_id != second.parent.info.run_id


def test_a_measure_that_reports_lack_ends_the_search_after_its_first_trial(call: Call, store: Store) -> None:
    stage = Stage(store)
    search = call(stage, *QUALITY, "hydra.sweeper.search.maximize=[acuracy]")
    assert (search.status, stage.trained, search.states()) == (2, [0], ["fail"])
    assert search.complained == (
        "error: `hydra.sweeper.search.maximize` and `minimize` must name measures of a report "
        "(accuracy, coverage, frechet_digit_distance). Received: acuracy\n"
    )


def test_a_trial_that_fails_counts_as_one_and_the_others_run(call: Call, store: Store) -> None:
    stage = Stage(store, {1: PipelineError("it diverged")})
    search = call(stage, *QUALITY, f"{TRIALS}=3")
    assert (search.status, stage.trained, search.states()) == (0, [0, 1, 2], ["complete", "fail", "complete"])
    assert "error: job 2: it diverged" in search.complained


def test_a_trial_whose_process_was_killed_is_resumed_by_the_same_command(call: Call, store: Store) -> None:
    stage, again = Stage(store), Stage(store)

    def killed(settings: Settings, job: Job) -> None:
        stage(settings, job)
        if stage.trained[-1] == 1:
            run_id = list(runs_where(store, "tags.kind = 'training'"))[-1].info.run_id
            store.client.set_terminated(run_id, "KILLED")
            raise PipelineError("its process was ended by signal 9")

    before = call(killed, *QUALITY, f"{TRIALS}=3", "acgan.steps=11")
    assert (before.status, stage.trained) == (1, [0, 1, 2])
    assert before.states() == ["complete", "interrupted", "complete"]
    complaint = before.complained.splitlines()[-1]
    assert complaint.startswith("error: 1 of 3 trials were cut off: the same command resumes them, `python -m pipeline")
    after = call(again, *QUALITY, f"{TRIALS}=3", "acgan.steps=11")
    assert (after.status, again.trained) == (0, [3])
    assert after.states() == ["complete", "replaced", "complete", "complete"]
    assert settings_of(after.trials[1]) == settings_of(after.trials[3])


def test_a_search_of_which_every_trial_failed_is_failed(call: Call, store: Store) -> None:
    search = call(Stage(store, dict.fromkeys((0, 1), PipelineError("it diverged"))), *QUALITY, f"{TRIALS}=2")
    assert (search.status, search.parent and search.parent.info.status) == (1, "FAILED")
    assert search.complained.splitlines()[-1].startswith("error: none of 2 trials has come to its end")
    assert search.files == {"sweep.csv"}


def test_with_one_measure_a_hopeless_trial_ends_finished_and_is_pruned(call: Call, store: Store) -> None:
    hopeless = list[bool]()

    def stage(settings: Settings, job: Job) -> None:
        assert isinstance(job, TrialJob)
        report = {**figures(settings), DISTANCE: 999.0 if job.trial == 5 else 2.0 - job.trial / 100}
        hopeless.append(job.is_hopeless(3, report))
        Stage(store, figures=lambda _: report)(settings, job)
        if hopeless[-1]:
            *_, run = runs_where(store, f"tags.`{TRIAL}` = '{job.trial}'")
            Recorder(store, run.info.run_id).tags({PRUNED: "true"})

    search = call(stage, "+search=frechet", "+debug=smoke", f"{TRIALS}=7")
    assert (search.status, hopeless) == (0, [*[False] * 5, True, False])
    assert search.states() == [*["complete"] * 5, "pruned", "complete"]
    assert [row["trial"] for row in search.trials if row["best"]] == ["6"]
    assert search.trials[5]["frechet_digit_distance"] == ""


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (("seed=1,2",), "a search must not be a sweep too: give each setting one value, and no +sweep="),
        (("+sweep=aux_weights",), "a search must not be a sweep too: give each setting one value, and no +sweep="),
        (("acgan.soft_label.real=0.9",), "`acgan.soft_label.real` is searched: leave it out. Received: acgan.soft_l"),
        (("acgan.soft_label={real: 0.9}",), "`acgan.soft_label` is searched: leave it out. Received: acgan.soft_label"),
        (("hydra/launcher=slurm",), "`hydra/launcher` must be basic, local or ray for a search. Received: slurm"),
        ((f"{TRIALS}=0",), f"`{TRIALS}` must be greater than or equal to 1. Received: 0"),
        (("hydra.sweeper.search.trialz=9",), "`hydra.sweeper.search.trialz` is not a setting"),
        (
            ("+hydra.sweeper.search.space={acgan.decay_to: {low: 2, high: 1}}",),
            "`hydra.sweeper.search.space.acgan.decay_to` must have a low below its high. Received: {'low': 2",
        ),
        (("hydra.sweeper.search.minimize=[accuracy]",), "`hydra.sweeper.search.maximize` and minimize must name"),
        (
            ("+hydra.sweeper.search.space={acgan.stepz: {low: 1, high: 2}}",),
            "job 1 of 1: `acgan.stepz` is not a setting: did you mean `acgan.steps`?",
        ),
        (
            ("+hydra.sweeper.search.space={acgan.report_every: {low: 6, high: 12}}",),
            "job 1 of 1: `acgan.report_every` must be a valid integer. Received: 8.2918",
        ),
        (("hydra.sweeper.search.storage=nothing",), "`hydra.sweeper.search.storage` must be a database that answers"),
    ],
)
def test_a_wrong_search_is_one_line_before_the_first_trial(
    overrides: tuple[str, ...], said: str, call: Call, store: Store
) -> None:
    stage = Stage(store)
    refused = call(stage, *QUALITY, *overrides)
    assert (refused.status, refused.parent, stage.trained, refused.shown) == (2, None, [], "")
    assert refused.complained.startswith(f"error: {said}")
    assert refused.complained.count("\n") == 1


def test_without_optuna_a_search_names_the_extra(call: Call, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    refused = call(Stage(store), *QUALITY)
    text = "error: a search needs the module `optuna`: install it with `pip install -e '.[search]'`\n"
    assert (refused.status, refused.complained) == (2, text)


@pytest.mark.parametrize("sign", ["", "++"])
def test_a_password_in_a_variable_is_not_among_the_words_of_a_trials_command(
    sign: str, call: Call, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEARCH_STORAGE", "sqlite:///secret.db")
    commands = list[list[str]]()
    monkeypatch.setattr(searching, "launch_each", lambda _launcher, jobs, _on_end: commands.append(next(iter(jobs))))
    word = f"{sign}hydra.sweeper.search.storage='${{oc.env:SEARCH_STORAGE}}'"
    call(Stage(store), *QUALITY, word)
    assert word in commands[0]
    assert "secret" not in " ".join(commands[0])
    assert (Path(store.uri.removeprefix("sqlite:///")).parent / "secret.db").exists()


def test_a_block_that_was_typed_whole_is_handed_on_to_the_commands_of_trials(
    call: Call, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = list[list[str]]()
    monkeypatch.setattr(searching, "launch_each", lambda _launcher, jobs, _on_end: commands.append(next(iter(jobs))))
    call(Stage(store), "hydra.mode=MULTIRUN", "+debug=smoke", "sweep.new=true", WHOLE)
    assert WHOLE in commands[0]


def test_a_password_in_the_storages_address_is_not_printed(call: Call, store: Store) -> None:
    address = "hydra.sweeper.search.storage='mysql+nothing://ann:secret@127.0.0.1:1/optuna'"
    refused = call(Stage(store), *QUALITY, address)
    assert refused.status == 2
    assert "secret" not in refused.complained
    assert refused.complained.count("\n") == 1


def test_a_study_in_a_file_is_refused_for_trials_on_several_machines() -> None:
    block = {"trials": 1, "storage": "sqlite:///optuna.db", "maximize": ["coverage"], "minimize": []}
    space = {"acgan.soft_label.real": {"low": 0.7, "high": 1.0}}
    several, one = MagicMock(Launcher, machines=2), MagicMock(Launcher, machines=1)
    with pytest.raises(SettingsError, match=r"`hydra.sweeper.search.storage` must be a database that all machines"):
        require_shared_storage(several, read_search({**block, "space": space}))
    require_shared_storage(several, read_search({**block, "space": space, "storage": "postgresql+psycopg://db/optuna"}))
    require_shared_storage(one, read_search({**block, "space": space}))


def test_a_candidate_has_the_family_that_the_file_of_its_search_chose() -> None:
    assert with_family(["+search=mine", "vae.steps=300"], "vae") == ["model=vae", "+search=mine", "vae.steps=300"]
    assert with_family(["model=vae", "+search=mine"], "vae") == ["model=vae", "+search=mine"]


def test_values_are_typed_so_that_hydra_reads_whole_numbers_as_such() -> None:
    typed = overrides_of({"acgan.steps": 100_000.0, "acgan.discriminator.learning_rate": 0.00123456, "seed": 7})
    assert typed == ["acgan.steps=100000", "acgan.discriminator.learning_rate=0.0012346", "seed=7"]
