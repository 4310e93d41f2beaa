"""Tests of the coefficients of each layer."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from keras.src.backend.common.dtypes import ALLOWED_DTYPES

from pipeline.composition.weights import WeightsError, coefficients, read, restore, table, write
from pipeline.data.rows import as_csv


def _model(seed: int = 0) -> keras.Model:
    keras.utils.set_random_seed(seed)
    image = keras.Input((8, 8, 1), name="image")
    features = layers.Conv2D(3, 3, name="conv")(image)
    features = layers.BatchNormalization(name="normal")(features)
    features = layers.Flatten(name="flat")(layers.Dropout(0.5, name="drop")(features))
    return keras.Model(image, layers.Dense(2, name="head")(features), name="judge")


def _assert_same(left: dict[str, dict[str, np.ndarray]], right: dict[str, dict[str, np.ndarray]]) -> None:
    assert [(layer, *arrays) for layer, arrays in left.items()] == [(layer, *arrays) for layer, arrays in right.items()]
    for layer, arrays in left.items():
        for name, array in arrays.items():
            assert array.dtype == right[layer][name].dtype
            assert array.shape == right[layer][name].shape
            assert array.tobytes() == right[layer][name].tobytes()


def test_only_layers_with_weights_stand_in_the_models_order() -> None:
    model = _model()
    held = coefficients(model)
    assert {layer: list(arrays) for layer, arrays in held.items()} == {
        "conv": ["kernel", "bias"],
        "normal": ["gamma", "beta", "moving_mean", "moving_variance"],
        "head": ["kernel", "bias"],
    }
    assert held["conv"]["kernel"].shape == (3, 3, 1, 3)
    assert sum(array.size for arrays in held.values() for array in arrays.values()) == model.count_params()


def test_coefficients_are_copies_that_training_does_not_move() -> None:
    model = _model()
    held = coefficients(model)
    before = held["head"]["kernel"].copy()
    model.get_layer("head").kernel.assign_add(np.ones((108, 2)))
    np.testing.assert_array_equal(held["head"]["kernel"], before)


def test_layers_of_nested_models_stand_for_themselves_under_names_of_their_own() -> None:
    boxes = [keras.Sequential([keras.Input((2,)), layers.Dense(2, name="dense")], name=name) for name in ("a", "b")]
    image = keras.Input((2,))
    model = keras.Model(image, layers.Dense(1, name="last")(boxes[1](boxes[0](image))))
    assert list(coefficients(model)) == ["a_dense", "b_dense", "last"]


def test_a_layer_in_two_boxes_is_told_once() -> None:
    shared = layers.Dense(2, name="shared")
    boxes = [keras.Sequential([keras.Input((2,)), shared], name=name) for name in ("a", "b")]
    assert list(coefficients(keras.Sequential([keras.Input((2,)), *boxes]))) == ["shared"]


def test_weights_of_a_layer_made_of_layers_have_distinct_names() -> None:
    model = keras.Sequential([keras.Input((4, 2)), layers.Bidirectional(layers.LSTM(3, name="lstm"), name="both")])
    names = list(coefficients(model)["both"])
    assert len(names) == len(set(names)) == 6
    assert names[0].endswith("forward_lstm/lstm_cell/kernel")


def test_weights_that_a_layer_gave_one_name_are_numbered() -> None:
    class Twins(layers.Layer):  # type: ignore[misc]
        def build(self, shape: tuple[int, ...]) -> None:
            self.pair = [self.add_weight(name="twin", shape=(size,)) for size in (1, 2)]

        def call(self, image: Any) -> Any:
            return image

    held = coefficients(keras.Sequential([keras.Input((2,)), Twins(name="twins")]))["twins"]
    assert {name: array.shape for name, array in held.items()} == {"twin_0": (1,), "twin_1": (2,)}


def test_written_coefficients_read_back_bit_for_bit_in_order(tmp_path: Path) -> None:
    held = coefficients(_model())
    held["head"]["bias"][:] = [np.nan, -0.0]
    write(held, tmp_path / "weights")
    _assert_same(read(tmp_path / "weights"), held)


def test_weights_of_a_layer_made_of_layers_read_back_bit_for_bit(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((4, 2)), layers.Bidirectional(layers.LSTM(3), name="both")])
    write(coefficients(model), tmp_path)
    _assert_same(read(tmp_path), coefficients(model))


def _layer(name: str, dtype: str, content: np.ndarray) -> keras.Model:
    """A model of one layer with one weight."""

    class Layer(layers.Layer):  # type: ignore[misc]
        def build(self, shape: tuple[int, ...]) -> None:
            start = lambda *_, **__: keras.ops.convert_to_tensor(content)  # noqa: E731
            self.held = self.add_weight(name=name, shape=content.shape, dtype=dtype, initializer=start)

        def call(self, image: Any) -> Any:
            return image

    return keras.Sequential([keras.Input((2,)), Layer(name="layer")])


@pytest.mark.parametrize("shape", [(), (4,), (0, 3), (2, 1, 2)])
@pytest.mark.parametrize("dtype", sorted(set(ALLOWED_DTYPES) - {"string"}))
def test_a_weight_of_any_dtype_and_shape_is_restored_bit_for_bit(
    dtype: str, shape: tuple[int, ...], tmp_path: Path
) -> None:
    size = np.dtype(dtype).itemsize * int(np.prod(shape))
    bits = np.random.default_rng(1).integers(0, 2 if dtype == "bool" else 256, size, np.uint8)
    filled, empty = (_layer("w", dtype, np.frombuffer(b, dtype).reshape(shape)) for b in (bits, 0 * bits))
    write(coefficients(filled), tmp_path)
    restore(empty, read(tmp_path))
    _assert_same(coefficients(empty), coefficients(filled))
    assert coefficients(empty)["layer"]["w"].tobytes() == bits.tobytes()


def test_what_numpy_has_no_type_for_says_of_itself_what_it_is(tmp_path: Path) -> None:
    write(coefficients(_layer("w", "bfloat16", np.ones(2, "bfloat16"))), tmp_path)
    with np.load(tmp_path / "0-layer.npz", allow_pickle=False) as archive:
        assert archive["w"]["bfloat16"].tolist() == [0x3F80, 0x3F80]


@pytest.mark.parametrize("name", ["object", "finfo", "O"])
def test_a_type_that_is_none_of_numbers_is_refused_with_the_file_named(name: str, tmp_path: Path) -> None:
    write({"layer": {"w": np.ones(2)}}, tmp_path)
    np.savez(tmp_path / "0-layer.npz", w=np.ones(2).view([(name, "<u8")]))
    with pytest.raises(WeightsError, match=r"0-layer\.npz"):
        read(tmp_path)


def test_weights_that_are_no_numbers_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    write({"only": {"kernel": np.ones(2)}}, tmp_path)
    text = _layer("words", "string", np.array(["a"], object))
    with pytest.raises(WeightsError, match="`layer/words` must hold numbers. Received: object"):
        write(coefficients(text), tmp_path)
    assert list(read(tmp_path)) == ["only"]


NAMES = ["file", "allow_pickle", "a.npy", "a b", "größe", "a\0b", "a\\b", "a\nb", ".", "..", "%1", "n" * 70_000]


def test_weights_of_any_name_are_restored(tmp_path: Path) -> None:
    held = {"layer": {name: np.full(2, number) for number, name in enumerate(["a", *NAMES])}}
    write(held, tmp_path)
    _assert_same(read(tmp_path), held)


@pytest.mark.parametrize("name", NAMES)
def test_a_layer_may_give_its_weight_any_name(name: str, tmp_path: Path) -> None:
    write(coefficients(_layer(name, "float32", np.ones(1, np.float32))), tmp_path)
    fresh = _layer(name, "float32", np.zeros(1, np.float32))
    restore(fresh, read(tmp_path))
    assert fresh.get_weights()[0] == 1


def test_layers_of_any_name_are_restored(tmp_path: Path) -> None:
    held = {name: {"w": np.full(2, number)} for number, name in enumerate(NAMES)}
    write(held, tmp_path)
    _assert_same(read(tmp_path), held)


def test_layers_whose_names_and_prefixed_names_coincide_are_all_kept() -> None:
    boxes = [keras.Sequential([keras.Input((2,)), layers.Dense(2, name="dense")], name=name) for name in ("a", "b")]
    image = keras.Input((2,))
    model = keras.Model(image, layers.Dense(1, name="a_dense")(boxes[1](boxes[0](image))))
    held = coefficients(model)
    assert sum(array.size for arrays in held.values() for array in arrays.values()) == model.count_params()


def test_each_layer_is_one_file_that_lists_in_the_models_order(tmp_path: Path) -> None:
    held = {f"Layer {number}:": {"kernel": np.zeros(1)} for number in range(11)}
    write(held, tmp_path)
    files = sorted(path.name for path in tmp_path.glob("*.npz"))
    assert files[:2] == ["00-Layer_0_.npz", "01-Layer_1_.npz"]
    assert list(read(tmp_path)) == list(held)


def test_files_hold_arrays_under_their_names_and_no_pickles(tmp_path: Path) -> None:
    write(coefficients(_model()), tmp_path)
    with np.load(tmp_path / "0-conv.npz", allow_pickle=False) as archive:
        assert archive.files == ["kernel", "bias"]
    assert json.loads((tmp_path / "index.json").read_text(encoding="utf-8"))[0] == {
        "layer": "conv",
        "file": "0-conv.npz",
        "weights": ["kernel", "bias"],
    }


def test_pickled_arrays_are_refused_with_the_file_named(tmp_path: Path) -> None:
    write(coefficients(_model()), tmp_path)
    np.savez(tmp_path / "0-conv.npz", kernel=np.array([{}], dtype=object), bias=np.zeros(3))
    with pytest.raises(WeightsError, match=r"0-conv\.npz"):
        read(tmp_path)


def test_a_file_that_is_cut_off_is_refused_with_the_file_named(tmp_path: Path) -> None:
    write(coefficients(_model()), tmp_path)
    file = tmp_path / "0-conv.npz"
    file.write_bytes(file.read_bytes()[:-30])
    with pytest.raises(WeightsError, match=r"0-conv\.npz"):
        read(tmp_path)


def test_writing_again_leaves_no_file_of_the_earlier_writing(tmp_path: Path) -> None:
    write(coefficients(_model()), tmp_path)
    write({"only": {"kernel": np.ones(2)}}, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0-only.npz", "index.json"]


def test_the_same_coefficients_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(coefficients(_model()), tmp_path / name)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_a_fresh_model_takes_them_back_bit_for_bit(tmp_path: Path) -> None:
    trained, fresh = _model(seed=1), _model(seed=2)
    trained.get_layer("normal").moving_mean.assign([1.0, np.nan, -0.0])
    write(coefficients(trained), tmp_path)
    restore(fresh, read(tmp_path))
    _assert_same(coefficients(fresh), coefficients(trained))
    assert fresh.get_weights()[0].tobytes() == trained.get_weights()[0].tobytes()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda held: held.pop("conv"), "missing conv; unknown none"),
        (lambda held: held.update(tail={}), "missing none; unknown tail"),
        (lambda held: held["head"].pop("bias"), "weights of layer `head`.*missing bias"),
        (lambda held: held["head"].update(bias=np.zeros(3, "float32")), r"`head/bias` must be float32 of shape \(2,\)"),
        (lambda held: held["head"].update(bias=np.zeros(2)), "Received: float64"),
    ],
)
def test_what_does_not_fit_is_refused_and_the_model_left_alone(
    spoil: Callable[[dict[str, dict[str, np.ndarray]]], object], message: str
) -> None:
    fresh, held = _model(seed=2), coefficients(_model(seed=1))
    before = coefficients(fresh)
    spoil(held)
    with pytest.raises(WeightsError, match=message):
        restore(fresh, held)
    _assert_same(coefficients(fresh), before)


def test_a_folder_without_an_index_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"must be a folder that holds `index\.json`"):
        read(tmp_path / "nowhere")


@pytest.mark.parametrize("content", ["", "{}", "[1]", '[{"layer": "a", "file": "a.npz"}]'])
def test_an_index_that_was_not_written_here_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "index.json").write_text(content, encoding="utf-8")
    for use in (read, lambda folder: write({}, folder)):
        with pytest.raises(WeightsError, match=r"must be a folder that holds `index\.json`"):
            use(tmp_path)


def test_the_table_is_a_csv_that_a_person_reads() -> None:
    rows = table({"dense": {"kernel": np.array([[3.0, 0.0], [-4.0, 5.0]], "float32"), "bias": np.zeros(2)}})
    assert as_csv(rows) == (
        "layer,weight,shape,mean,standard_deviation,zeros,norm\n"
        "dense,kernel,2x2,1,3.39116,0.25,7.07107\n"
        "dense,bias,2,0,0,1,0\n"
    )
