"""The export of a run: it leaves nothing half written, and replaces a file only by one that equals Keras."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import pytest

from pipeline.data.files import UNFINISHED, write_text
from pipeline.runs import exports
from pipeline.runs.exports import ExportError, export_run
from tests.composing import settings_of

pytestmark = pytest.mark.slow
pytest.importorskip("tf2onnx")


@pytest.fixture
def location(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A run of one small model, and its folder of exports."""

    def models(_location: object) -> Iterator[tuple[str, keras.Model]]:
        latent = keras.Input((4,), name="latent")
        yield "generator", keras.Model({"latent": latent}, keras.layers.Dense(3)(latent))

    monkeypatch.setattr(exports, "_models", models)
    return SimpleNamespace(settings=settings_of(), files=SimpleNamespace(exports=tmp_path / "exports"))


def names(location: Any) -> set[str]:
    return {path.name for path in location.files.exports.iterdir()}


def test_what_a_killed_export_left_is_removed(location: Any) -> None:
    write_text("half", location.files.exports / f".generator.1{UNFINISHED}.onnx")
    ((name, difference),) = export_run(location)
    assert name == "generator"
    assert difference < 1e-5
    assert names(location) == {"generator", "generator.onnx"}


def test_an_export_that_differs_from_keras_leaves_the_former_file(
    location: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "largest_difference", lambda *_: 0.5)
    write_text("former", location.files.exports / "generator.onnx")
    with pytest.raises(ExportError, match=r"generator\.onnx must equal Keras to 1e-05\. It differs by 0\.5"):
        list(export_run(location))
    assert names(location) == {"generator.onnx"}
    assert (location.files.exports / "generator.onnx").read_text(encoding="utf-8") == "former"
