"""Models for the page: small ones that are trained within seconds, or those that DVC tracks."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np

from pipeline.composition.export import export_onnx
from pipeline.data.dataset import scaled
from pipeline.judging.files import JUDGE, WEIGHTS
from pipeline.judging.network import load_judge
from pipeline.models import vae
from pipeline.models.discriminator import build_discriminator
from pipeline.models.generator import build_generator
from pipeline.runs.folder import dvc_files
from pipeline.settings.images import DIGITS
from pipeline.settings.judge import JudgeSettings
from pipeline.settings.paths import ROOT
from pipeline.training.checkpoints import load_parts
from tests import families
from tests.judges import draw_kinds, tiny_fitted
from tests.training.tiny import small_settings

LATENT = 40
Models = Mapping[str, Any]


@cache
def small_models() -> Models:
    """A generator that draws the ten kinds of images that the tiny judge reads; a discriminator and a VAE's decoder."""
    block = small_settings().model
    settings = families.vae()
    return {
        "generator": _generator(),
        "discriminator": build_discriminator(block.discriminator, seed=1, format=DIGITS),
        "judge": tiny_fitted().judge.model,
        "decoder": vae.build_decoder(settings, vae.build_encoder(settings, seed=1), seed=1),
    }


def tracked_models() -> Models:
    """The models after the last step of the runs that DVC tracks, and their judge."""
    acgan, vae_parts = (load_parts(dvc_files(family).weights("last")) for family in ("acgan", "vae"))
    folder = ROOT / "models" / "judge"
    settings = JudgeSettings.model_validate(json.loads((folder / JUDGE).read_text(encoding="utf-8"))["settings"])
    halves = {name: acgan[name] for name in ("generator", "discriminator")}
    return {**halves, "judge": load_judge(folder / WEIGHTS, settings, format=DIGITS), "decoder": vae_parts["decoder"]}


def export(models: Models, folder: Path) -> dict[str, Path]:
    files = {name: folder / f"{name}.onnx" for name in models}
    for name, file in files.items():
        export_onnx(models[name], file)
    return files


def _generator() -> keras.Model:
    """Trained on the mean image of each kind; each digit's embedding keeps its own tenth of the latent."""
    settings = small_settings().model.generator.model_copy(update={"filters": (16, 8, 8)})
    generator = build_generator(settings, latent_size=LATENT, seed=1, format=DIGITS)
    embedding = generator.get_layer("embedding")
    embedding.embeddings.assign(2 * np.repeat(np.eye(10, dtype=np.float32), LATENT // 10, axis=1))
    embedding.trainable = False
    images, labels = draw_kinds(5, 200)
    means = np.stack([scaled(images[labels == digit]).mean(axis=0) for digit in range(10)])[..., np.newaxis]
    draw = np.random.default_rng(0)
    latent = draw.uniform(-1, 1, (20_000, LATENT)).astype(np.float32)
    digit = draw.integers(0, 10, (len(latent), 1), np.int32)
    generator.compile(keras.optimizers.Adam(0.01), "mse")
    generator.fit({"latent": latent, "digit": digit}, means[digit[:, 0]], batch_size=100, epochs=2, verbose=0)
    return generator
