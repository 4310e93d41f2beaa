"""Tests of the seam for timers: which parts of a training are timed under which names."""

from itertools import groupby

from pipeline.training.history import History
from pipeline.training.loop import Plan, run_steps
from pipeline.training.timing import Phase, untimed
from tests.training.phases import Phases
from tests.training.test_loop import Counting, measure


def test_the_loop_times_each_step_and_each_report_with_what_the_judge_measures() -> None:
    phases = Phases()
    plan = Plan(4, report_every=2, losses_every=100, checkpoint_seconds=1e9)
    for _ in run_steps(Counting(), plan, History(), measure({2: (5.0, 0.9), 4: (4.0, 0.9)}), timers=phases):
        assert not phases.open
    assert [(phase.value, len(list(same))) for phase, same in groupby(phases.entered)] == 2 * [
        ("step", 2),
        ("evaluation", 1),
    ]


def test_an_untimed_phase_is_the_same_block_every_time() -> None:
    assert untimed(Phase.STEP) is untimed(Phase.EVALUATION)
