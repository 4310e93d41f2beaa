"""The page is built of models and a lockfile, or refused in one line."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from demo.build import PAGE, DemoError, write_models
from pipeline.composition.export import draw_inputs, export_onnx
from pipeline.models import vae
from pipeline.settings.paths import ROOT
from tests import families
from tests.browser.demo_models import Models, export, small_models


@pytest.fixture(scope="module")
def models() -> Models:
    return small_models()


@pytest.fixture(scope="module")
def files(models: Models, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return export(models, tmp_path_factory.mktemp("exported"))


ort = pytest.importorskip("onnxruntime")


def run(file: Path, **inputs: np.ndarray) -> dict[str, np.ndarray]:
    session = ort.InferenceSession(file, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs), strict=True))


@pytest.mark.slow
def test_the_generator_takes_the_embedding_in_place_of_the_digit(
    models: Models, files: dict[str, Path], tmp_path: Path
) -> None:
    write_models(files, tmp_path)
    table = np.array(json.loads((tmp_path / "embedding.json").read_text(encoding="utf-8")), np.float32)
    inputs = draw_inputs(models["generator"], count=20)
    drawn = run(tmp_path / "generator.onnx", latent=inputs["latent"], embedding=table[inputs["digit"][:, 0]])
    np.testing.assert_allclose(drawn["image"], models["generator"](inputs, training=False), atol=1e-5)


@pytest.mark.slow
def test_the_discriminator_also_answers_with_its_first_maps(
    models: Models, files: dict[str, Path], tmp_path: Path
) -> None:
    write_models(files, tmp_path)
    discriminator = models["discriminator"]
    inputs = draw_inputs(discriminator, count=3)
    answer = run(tmp_path / "discriminator.onnx", **inputs)
    first = discriminator.get_layer("leaky_relu_1")(discriminator.get_layer("conv2d_1")(inputs["image"]))
    np.testing.assert_allclose(answer["maps"].transpose(0, 2, 3, 1), first, atol=1e-5)
    np.testing.assert_allclose(answer["generation"], discriminator(inputs, training=False)["generation"], atol=1e-5)


@pytest.mark.slow
def test_a_missing_judge_and_a_latent_that_is_no_plane_are_refused(files: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(DemoError, match="needs the judge, which was not exported: run `make repro`"):
        write_models({**files, "judge": tmp_path / "judge.onnx"}, tmp_path / "models")
    settings = families.vae(latent_size=3)
    decoder = tmp_path / "decoder.onnx"
    export_onnx(vae.build_decoder(settings, vae.build_encoder(settings, seed=1), seed=1), decoder)
    with pytest.raises(DemoError, match="`vae.latent_size` must be 2 for the page's plane. Received: 3"):
        write_models({**files, "decoder": decoder}, tmp_path / "models")
    assert not (tmp_path / "models").exists()


@pytest.mark.slow
def test_a_decoder_of_another_form_than_the_pages_is_refused(files: dict[str, Path], tmp_path: Path) -> None:
    settings = families.vae(image_size=64)
    decoder = tmp_path / "decoder.onnx"
    export_onnx(vae.build_decoder(settings, vae.build_encoder(settings, seed=1), seed=1), decoder)
    with pytest.raises(DemoError, match=r"`vae.image_size` must be 32 and .* Received: 64 × 64 × 1"):
        write_models({**files, "decoder": decoder}, tmp_path / "models")


def build(project: Path, path: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(project)}
    command = [sys.executable, "-m", "demo.build"]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)


def test_without_npm_or_models_the_build_is_one_line_that_says_what_is_missing(tmp_path: Path) -> None:
    for name in ("pipeline", "conf", "hydra_plugins"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "params.yaml", tmp_path)
    (tmp_path / "demo").mkdir()
    shutil.copy(PAGE / "build.py", tmp_path / "demo")
    without_npm = build(tmp_path, "")
    assert (without_npm.returncode, without_npm.stdout) == (2, "")
    assert without_npm.stderr == (
        "error: `make demo-build` needs npm, to install onnxruntime-web: install Node.js, which brings it\n"
    )
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.touch(0o755)
    without_models = build(tmp_path, str(npm.parent))
    assert (without_models.returncode, without_models.stdout) == (2, "")
    assert without_models.stderr.startswith("error: models/acgan must hold a finished training: ")
    assert without_models.stderr.count("\n") == 1


def test_the_lockfile_pins_by_integrity_and_names_no_registry() -> None:
    text = (PAGE / "package-lock.json").read_text(encoding="utf-8")
    packages = json.loads(text)["packages"]
    assert packages["node_modules/onnxruntime-web"]["version"] == "1.30.0"
    assert all(one["integrity"].startswith("sha512-") for name, one in packages.items() if name)
    assert "resolved" not in text
    assert "://" not in text
