"""Child process: how much arithmetic a training step of the AC-GAN needs, counted from the layers' shapes.

A layer's gradient with respect to its weights takes as many multiply-adds as its forward pass, and so does that with
respect to its input. Activations, normalisation and optimisers are left out: they are a hundredth of it.
"""

from math import prod
from typing import Any

import keras

from benchmarks.children.serving import Answer
from benchmarks.measuring import BenchmarkError
from pipeline.models.discriminator import build_discriminator
from pipeline.models.generator import build_generator
from pipeline.settings.acgan import AcganSettings
from pipeline.settings.images import DIGITS

OPERATIONS_A_MULTIPLY_ADD = 2


def multiply_adds(model: keras.Model) -> list[int]:
    """Returns those of the forward pass of each layer with a kernel of a flat model, on one image."""
    return [_multiply_adds(layer) for layer in model.layers if hasattr(layer, "kernel")]


def step_operations(settings: AcganSettings) -> int:
    """Counts the floating-point operations of one step; `original` makes the discriminator's images apart."""
    generator = multiply_adds(
        build_generator(settings.generator, latent_size=settings.latent_size, seed=0, format=DIGITS)
    )
    discriminator = multiply_adds(build_discriminator(settings.discriminator, seed=0, format=DIGITS))
    batch, pairs = settings.batch_size, settings.batch_size * settings.generator_batches
    apart = batch * sum(generator) if settings.recipe == "original" else 0
    # Images need no gradient, so that the first layer has none for its input; the embedding before the generator does.
    discriminated = 2 * batch * (3 * sum(discriminator) - discriminator[0])
    # Through the discriminator goes the gradient of its input, without any of its weights.
    generated = pairs * (3 * sum(generator) + 2 * sum(discriminator))
    return OPERATIONS_A_MULTIPLY_ADD * (apart + discriminated + generated)


def _multiply_adds(layer: Any) -> int:
    given, taken = layer.output.shape, layer.input.shape
    if isinstance(layer, keras.layers.Dense):
        return int(taken[-1] * given[-1])
    if not isinstance(layer, keras.layers.Conv2D | keras.layers.Conv2DTranspose):
        raise BenchmarkError(f"layers must be dense or convolutions to be counted. Received: {type(layer).__name__}")
    # Where the window is laid, padding counted as if it were pixels.
    places = taken[1:3] if isinstance(layer, keras.layers.Conv2DTranspose) else given[1:3]
    return int(prod(layer.kernel_size) * taken[-1] * given[-1] * prod(places))


def answer(request: Answer) -> Answer:
    """Counts the `operations` of a step."""
    return {"operations": step_operations(AcganSettings.model_validate(request["settings"]))}
