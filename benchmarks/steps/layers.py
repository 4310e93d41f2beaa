"""A built network → the multiply-adds of its layers, read off their shapes; as a child process, of whole steps."""

from dataclasses import asdict
from typing import Any

import keras

from benchmarks.measuring.errors import BenchmarkError
from benchmarks.measuring.serving import Answer, serve
from benchmarks.steps.arithmetic import LayerWork, convolution, dense, step_operations
from benchmarks.trainings.recipes import compose_settings
from pipeline.models.discriminator import build_discriminator
from pipeline.models.generator import build_generator
from pipeline.settings.acgan import AcganSettings


def network_work(model: keras.Model) -> list[LayerWork]:
    """Gives what each layer with a kernel does to one image.

    Args:
        model: A flat functional model.

    Raises:
        BenchmarkError: A layer has a kernel and is of a kind that is not counted.
    """
    return [
        LayerWork(layer.name, _multiply_adds(layer), any(map(_learns, keras.tree.flatten(layer.input))))
        for layer in model.layers
        if hasattr(layer, "kernel")
    ]


def _multiply_adds(layer: Any) -> int:
    given, taken = layer.output.shape, layer.input.shape
    if isinstance(layer, keras.layers.Dense):
        return dense(taken[-1], given[-1])
    if isinstance(layer, keras.layers.Conv2DTranspose):
        return convolution(layer.kernel_size, taken[-1], given[-1], places=taken[1:3])
    if isinstance(layer, keras.layers.Conv2D):
        return convolution(layer.kernel_size, taken[-1], given[-1], places=given[1:3])
    raise BenchmarkError(f"layers must be dense or convolutions to be counted. Received: {type(layer).__name__}")


def _learns(tensor: keras.KerasTensor) -> bool:
    operation = tensor._keras_history.operation
    if getattr(operation, "trainable_variables", None):
        return True
    return bool(operation._inbound_nodes[0].input_tensors) and any(map(_learns, keras.tree.flatten(operation.input)))


def step_work(settings: AcganSettings) -> Answer:
    """Counts what one step computes.

    Args:
        settings: Networks, recipe and batch.

    Returns:
        The `operations`, the `images` that it draws, and the `layers` of each network.
    """
    networks = {
        "generator": network_work(build_generator(settings.generator, latent_size=settings.latent_size, seed=0)),
        "discriminator": network_work(build_discriminator(settings.discriminator, seed=0)),
    }
    operations = step_operations(
        networks,
        recipe=settings.recipe,
        batch_size=settings.batch_size,
        generator_batches=settings.generator_batches,
    )
    layers = {name: [asdict(layer) for layer in network] for name, network in networks.items()}
    return {"operations": operations, "images": settings.batch_size, "layers": layers}


def _answer(request: Answer) -> Answer:
    model = compose_settings(request["words"]).model
    if not isinstance(model, AcganSettings):
        raise BenchmarkError(f"`model` must be acgan to be counted. Received: {type(model).__module__}")
    return step_work(model)


if __name__ == "__main__":
    serve(_answer)
