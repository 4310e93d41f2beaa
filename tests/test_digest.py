"""The stage that lists the code of the others."""

from pathlib import Path

import pytest

from pipeline import digest
from pipeline.data.code import list_digests, stage_code
from tests.commands import apart, call_command
from tests.dvc_stages import STAGES


def test_each_other_stage_gets_its_list_and_what_was_left_of_others_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lists = tmp_path / "reports" / "code"
    monkeypatch.setattr(digest, "CODE_LISTS", lists)
    lists.mkdir(parents=True)
    (lists / "train-gone.txt").touch()
    assert call_command(digest.digest, *apart(tmp_path), module="pipeline.digest") == 0
    assert "the code that decides what each stage makes" in capsys.readouterr().out
    assert {file.stem for file in lists.iterdir()} == {name.replace("@", "-") for name in STAGES} - {"digest"}
    assert (lists / "train-vae.txt").read_text(encoding="utf-8") == list_digests(stage_code("train", "vae"))
