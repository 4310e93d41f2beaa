import keras
import pytest

from benchmarks.measuring.errors import BenchmarkError
from benchmarks.steps.arithmetic import LayerWork, convolution, dense, forward, step_operations, through, training
from benchmarks.steps.layers import network_work, step_work
from benchmarks.steps.variants import settings_of

FIRST, SECOND = LayerWork("first", 10, False), LayerWork("second", 7, True)
ORIGINAL = step_work(settings_of("original", ()))
NETWORKS = {name: [LayerWork(**layer) for layer in layers] for name, layers in ORIGINAL["layers"].items()}


def test_a_dense_layer_multiplies_every_input_with_every_unit() -> None:
    assert dense(100, 3456) == 345_600


def test_a_convolution_lays_its_window_at_every_place() -> None:
    assert convolution((3, 3), 128, 256, places=(7, 7)) == 14_450_688


def test_a_first_layer_needs_no_gradient_for_what_it_is_fed() -> None:
    assert forward([FIRST, SECOND]) == 17
    assert training([FIRST, SECOND]) == 2 * 10 + 3 * 7
    assert through([FIRST, SECOND]) == 2 * 17


def test_the_published_networks_take_40_and_21_9_million_multiply_adds_an_image() -> None:
    assert forward(NETWORKS["generator"]) == pytest.approx(40.0e6, rel=2e-3)
    assert forward(NETWORKS["discriminator"]) == pytest.approx(21.9e6, rel=2e-3)


def test_the_embedding_learns_before_the_generators_first_layer_and_nothing_before_the_discriminators() -> None:
    assert NETWORKS["generator"][0] == LayerWork("dense", 345_600, True)
    assert NETWORKS["discriminator"][0] == LayerWork("conv2d_1", 56_448, False)
    assert all(layer.learns_before for layer in NETWORKS["discriminator"][1:])


def test_a_step_of_the_original_takes_100_billion_operations() -> None:
    assert ORIGINAL["operations"] == pytest.approx(100e9, rel=0.005)
    assert ORIGINAL["images"] == 100


def test_making_images_once_for_both_updates_saves_two_fifths() -> None:
    shared = step_operations(NETWORKS, recipe="shared", batch_size=100, generator_batches=1)
    assert shared / ORIGINAL["operations"] == pytest.approx(0.59, abs=0.01)


def test_a_layer_of_another_kind_is_refused_rather_than_left_out() -> None:
    image = keras.Input((8, 8, 3))
    model = keras.Model(image, keras.layers.SeparableConv2D(4, 3)(image))
    model.layers[-1].kernel = None
    with pytest.raises(BenchmarkError, match="Received: SeparableConv2D"):
        network_work(model)
