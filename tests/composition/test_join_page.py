"""The page on joining is run as it is printed."""

import re
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from pipeline.settings.paths import ROOT

PAGE = (ROOT / "docs" / "how-to" / "join-models.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


def run_page() -> dict[str, Any]:
    names: dict[str, Any] = {}
    for block in blocks("python"):
        exec(compile(block, "docs/how-to/join-models.md", "exec"), names)
    return names


@pytest.mark.slow
def test_the_page_prints_what_it_says_and_shows_what_it_claims(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    page = run_page()
    printed = capsys.readouterr().out
    assert len(blocks("text")) == 2
    for text in blocks("text"):
        assert text in printed
    detector, backbone, head = (page[name] for name in ("detector", "backbone", "head"))
    assert isinstance(detector, keras.Model)
    assert detector.count_params() == backbone.count_params() + head.count_params()
    assert set(page["together"]) == {"loss", "boxes_loss", "classes_loss"}
    before, after = page["before"], page["after"]
    for layer, arrays in before.items():
        for name, array in arrays.items():
            np.testing.assert_array_equal(array, after[layer][name])
    given = page["images"]
    expected, outputs = head(backbone(given)), detector(given)
    for name in ("boxes", "classes"):
        np.testing.assert_array_equal(outputs[name], expected[name])
    assert sorted(file.suffix for file in (tmp_path / "layers").iterdir())[-1] == ".npz"
