"""How a sweep is opened and closed."""

from typing import Any

import pytest
from hydra.errors import OverrideParseException
from omegaconf import OmegaConf

from pipeline.settings.errors import SettingsError
from pipeline.settings.exits import FAILED, REFUSED
from pipeline.sweeps import callback, summary
from pipeline.sweeps.callback import OpenSweep, SweepCallback, closed_afterwards


def test_a_sweep_that_cannot_be_opened_ends_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("out of luck")

    monkeypatch.setattr(SweepCallback, "_open", fail)
    with pytest.raises(SystemExit) as left:
        SweepCallback().on_multirun_start(OmegaConf.create())
    assert left.value.code == FAILED
    said = capsys.readouterr().err
    assert "RuntimeError: out of luck" in said
    assert said.endswith("error: the sweep could not be opened\n")


@pytest.mark.parametrize("error", [OverrideParseException("a=[", "no viable value"), SettingsError("no sound setting")])
def test_an_error_that_the_user_can_fix_is_one_line(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(SweepCallback, "_open", fail)
    with pytest.raises(SystemExit) as left:
        SweepCallback().on_multirun_start(OmegaConf.create())
    assert left.value.code == REFUSED
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize(
    ("error", "status"),
    [(SystemExit(FAILED), "FAILED"), (SystemExit(143), "KILLED"), (KeyboardInterrupt(), "KILLED")],
)
def test_a_sweep_that_does_not_finish_is_failed_or_killed(
    error: BaseException, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    statuses: list[str] = []
    store: Any = None
    monkeypatch.setattr(callback, "_open_sweeps", [OpenSweep(store, "id", "name", "acgan")])
    monkeypatch.setattr(summary, "report_and_close", lambda *_, status, **__: statuses.append(status))
    with pytest.raises(type(error)), closed_afterwards():
        raise error
    assert statuses == [status]
