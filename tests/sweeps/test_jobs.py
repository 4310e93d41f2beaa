"""The jobs of a sweep: how they are listed, and each one's place."""

from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from pipeline.runs.folder import RunFiles
from pipeline.settings.job import Job
from pipeline.settings.overrides import without_place
from pipeline.sweeps.jobs import CheckedJob, digest_jobs, list_jobs, read_place, with_place
from tests.composing import settings_of
from tests.places import place


@pytest.mark.parametrize(
    ("typed", "jobs"),
    [
        (["acgan.auxiliary_weight={real:2,generated:0},{real:1,generated:1}"], 2),
        (["acgan.soft_label.real=0.7,0.8", "acgan.soft_label.real=0.9"], 1),
        (["acgan.steps=600", "seed=0,1,2", "acgan.report_every=${acgan.steps}"], 3),
        (["seed=range(0,5)", "acgan.recipe=shared,original"], 10),
        (["acgan.generator.filters=[8,8,8],[4,4,4]"], 2),
        (["seed=choice(1,2,3)"], 3),
    ],
)
def test_jobs_are_all_combinations_of_what_is_listed_and_a_later_override_replaces_an_earlier(
    typed: list[str], jobs: int
) -> None:
    assert len(list_jobs(OverridesParser.create().parse_overrides(typed))) == jobs


def test_a_place_is_handed_on_as_an_override_that_hydra_reads() -> None:
    given = place(
        run="12345678901234567890123456789012", number=2, varied=("acgan.soft_label.real", "hydra/launcher", "a@b")
    )
    overrides = with_place(["seed=1", "label='a,b'"], given)
    assert read_place(overrides) == given
    settings = settings_of(*overrides)
    assert (settings.sweep.place, settings.seed, settings.label) == (given, 1, "a,b")
    assert without_place(overrides) == ("seed=1", "label='a,b'")


def test_outside_a_sweep_a_job_has_no_place() -> None:
    assert Job("pipeline.train", ()).place == ""


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "job 1 of 4"), (1, "job 2 of 4, 0:05:00 left for all jobs"), (3, "job 4 of 4, 0:00:33 left for all jobs")],
)
def test_a_jobs_place_has_the_time_left(number: int, text: str) -> None:
    assert Job("pipeline.train", (), sweep=place(number=number, before=number, left=4 - number)).place == text


def test_a_trial_beyond_those_asked_for_replaces_a_killed_one_and_is_none_of_them() -> None:
    assert place(number=4, before=1, left=1).text == "job 5, 0:01:40 left for all jobs"


def test_jobs_that_others_are_at_are_not_counted_as_trained() -> None:
    places = [place(number=number, before=number, left=4 - number, at_once=2).text for number in (1, 2)]
    assert places == ["job 2 of 4", "job 3 of 4, 0:03:20 left for all jobs"]


@pytest.mark.parametrize(
    ("number", "before", "text"), [(2, 0, "job 3 of 4"), (3, 1, "job 4 of 4, 0:01:40 left for all jobs")]
)
def test_jobs_that_were_trained_before_do_not_shorten_the_time_left(number: int, before: int, text: str) -> None:
    assert place(number=number, before=before, left=2 - before).text == text


def test_a_jobs_hash_follows_settings_and_start_but_not_how_it_is_called(tmp_path: Path, mnist_file: Path) -> None:
    def digest(*overrides: str, start: RunFiles | None = None) -> str:
        settings = settings_of("+debug=smoke", f"data.path={mnist_file.as_posix()}", *overrides)
        (found,) = digest_jobs([CheckedJob(overrides, settings, start)])
        return found

    start = RunFiles(tmp_path, tmp_path)
    start.state.write_bytes(b"weights")
    assert digest() == digest("seed=0") == digest("compute.jobs=2", "tracking.losses_every=2")
    assert len({digest(), digest("seed=1"), digest("label=other"), digest(start=start)}) == 4
