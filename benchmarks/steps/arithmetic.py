"""How much arithmetic a training step needs, from the multiply-adds of each layer.

A layer's gradient with respect to its weights takes as many multiply-adds as its forward pass, and so does that with
respect to its input. The latter is needed where something before the layer learns, the former where the layer does.
Activations, normalisation and optimisers are left out: they are a hundredth of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

OPERATIONS_A_MULTIPLY_ADD = 2


@dataclass(frozen=True)
class LayerWork:
    """What a layer does to one image.

    Attributes:
        name: The layer's.
        multiply_adds: In its forward pass.
        learns_before: Whether weights that are trained stand before it in its network.
    """

    name: str
    multiply_adds: int
    learns_before: bool


def dense(inputs: int, units: int) -> int:
    """Gives the multiply-adds of a dense layer."""
    return inputs * units


def convolution(window: Sequence[int], channels: int, filters: int, *, places: Sequence[int]) -> int:
    """Gives the multiply-adds of a convolution, padding counted as if it were pixels.

    Args:
        window: Height and width.
        channels: Of what it reads.
        filters: Channels of what it gives.
        places: Where the window is laid: height and width of what a convolution gives, of a transposed one of what it
            reads.
    """
    return prod(window) * channels * filters * prod(places)


def forward(network: Sequence[LayerWork]) -> int:
    """Gives the multiply-adds of a network's forward pass on one image."""
    return sum(layer.multiply_adds for layer in network)


def training(network: Sequence[LayerWork]) -> int:
    """Gives those of a forward pass and the gradients of all weights, without one for what the network is fed."""
    return sum(layer.multiply_adds * (3 if layer.learns_before else 2) for layer in network)


def through(network: Sequence[LayerWork]) -> int:
    """Gives those of a forward pass and the gradient of what the network is fed, without any for its weights."""
    return 2 * forward(network)


def step_operations(
    networks: Mapping[str, Sequence[LayerWork]], *, recipe: str, batch_size: int, generator_batches: int
) -> int:
    """Counts the floating-point operations of one step of the AC-GAN, a multiply-add being two.

    Args:
        networks: The layers of `generator` and `discriminator`.
        recipe: `original`, which makes images for the discriminator apart, or `shared`.
        batch_size: Real images in a step.
        generator_batches: Pairs in the generator's update, as a multiple of the batch.
    """
    generator, discriminator = networks["generator"], networks["discriminator"]
    pairs = batch_size * generator_batches
    apart = batch_size * forward(generator) if recipe == "original" else 0
    updates = 2 * batch_size * training(discriminator) + pairs * (training(generator) + through(discriminator))
    return OPERATIONS_A_MULTIPLY_ADD * (apart + updates)
