"""Tests of the join of two models."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from pipeline.composition.graph import opens
from pipeline.composition.join import CompositionError, join, nest

BATCH = 3


def _numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(BATCH, *shape)).astype("float32")


def _arrays(structure: Any) -> list[np.ndarray]:
    return [np.asarray(each) for each in keras.tree.flatten(structure)]


def _assert_same(left: Any, right: Any) -> None:
    keras.tree.assert_same_structure(left, right)
    for one, other in zip(_arrays(left), _arrays(right), strict=True):
        np.testing.assert_array_equal(one, other)


def _straight(name: str, *sizes: int, prefix: str = "") -> keras.Sequential:
    stack = [layers.Dense(size, "tanh", name=f"{prefix}dense_{index}") for index, size in enumerate(sizes[1:])]
    return keras.Sequential([keras.Input((sizes[0],)), *stack], name=name)


def _line(name: str, *sizes: int, prefix: str = "") -> keras.Model:
    image = features = keras.Input((sizes[0],), name="image")
    for index, size in enumerate(sizes[1:]):
        features = layers.Dense(size, name=f"{prefix}dense_{index}")(features)
    return keras.Model(image, features, name=name)


def _two_headed(name: str = "judge") -> keras.Model:
    image = keras.Input((4,), name="image")
    features = layers.Dense(5, "relu", name="features")(image)
    generation = layers.Dense(1, name="generation")(features)
    auxiliary = layers.Dense(3, name="auxiliary")(features)
    return keras.Model({"image": image}, {"generation": generation, "auxiliary": auxiliary}, name=name)


def _conditioned(name: str = "maker") -> keras.Model:
    latent = keras.Input((4,), name="latent")
    digit = keras.Input((1,), dtype="int32", name="digit")
    embedded = layers.Flatten(name="flat")(layers.Embedding(10, 4, name="embedding")(digit))
    made = layers.Dense(4, name="made")(layers.Multiply(name="multiply")([latent, embedded]))
    made = layers.BatchNormalization(name="normal")(made)
    return keras.Model({"latent": latent, "digit": digit}, made, name=name)


def _conditions() -> dict[str, np.ndarray]:
    return {"latent": _numbers(4), "digit": np.array([[0], [5], [9]], "int32")}


def _walk_in_a_line(first: keras.Model, second: keras.Model) -> keras.Model:
    """The recipe that serves straight models alone."""
    features = first.output
    for layer in second.layers[1:]:
        features = layer(features)
    return keras.Model(first.input, features)


def test_straight_models_join_as_by_walking_the_layers_after_the_input_in_a_line() -> None:
    first, second = _line("a", 4, 5, 3, prefix="a_"), _line("b", 3, 6, 2, prefix="b_")
    recipe, joined = _walk_in_a_line(first, second), join(first, second, name="c")
    assert joined.count_params() == recipe.count_params() == 25 + 18 + 24 + 14
    assert [layer.name for layer in joined.layers] == [layer.name for layer in recipe.layers]
    assert [weight.path for weight in joined.weights] == [weight.path for weight in recipe.weights]
    assert all(one is other for one, other in zip(joined.weights, recipe.weights, strict=True))
    _assert_same(joined(_numbers(4)), recipe(_numbers(4)))


def test_a_second_half_with_two_heads_has_no_line_to_walk_and_joins_all_the_same() -> None:
    first, second = _line("a", 4, 4), _two_headed()
    expected = second({"image": first(_numbers(4))})
    with pytest.raises(ValueError, match="incompatible"):
        _walk_in_a_line(first, second)
    _assert_same(join(first, second, name="c")(_numbers(4)), expected)


def test_every_layer_is_an_object_of_a_half_with_its_own_row() -> None:
    first, second = _conditioned(), _two_headed()
    joined = join(first, second, name="c")
    halves = {id(layer) for layer in [*first.layers, *second.layers]}
    assert {id(layer) for layer in joined.layers} == halves - {id(second.get_layer("image"))}
    assert not any(opens(layer) for layer in joined.layers)


def test_inputs_and_outputs_keep_their_names() -> None:
    joined = join(_conditioned(), _two_headed(), name="c")
    assert set(joined.input) == {"latent", "digit"}
    assert set(joined.output) == {"generation", "auxiliary"}
    assert sorted(joined.output_names) == ["auxiliary", "generation"]


def test_outputs_equal_the_second_half_of_the_first() -> None:
    first, second = _conditioned(), _two_headed()
    joined = join(first, second, name="c")
    for training in (False, True):
        expected = second({"image": first(_conditions(), training=training)}, training=training)
        _assert_same(joined(_conditions(), training=training), expected)


def test_nested_boxes_give_what_the_flat_model_gives() -> None:
    first, second = _conditioned(), _two_headed()
    boxes = nest(first, second, name="boxes")
    assert {layer.name for layer in boxes.layers} == {"latent", "digit", "maker", "judge"}
    _assert_same(boxes(_conditions()), join(first, second, name="c")(_conditions()))


def test_nested_models_are_opened_to_their_innermost_layers() -> None:
    inner = _straight("inner", 4, 4, prefix="inner_")
    image = keras.Input((4,))
    middle = keras.Model(image, layers.Dense(4, name="after")(inner(image)), name="middle")
    first = keras.Sequential([keras.Input((4,)), middle, layers.ReLU(name="relu")], name="outer")
    joined = join(first, _two_headed(), name="c")
    assert [layer.name for layer in joined.layers[1:5]] == ["inner_dense_0", "after", "relu", "features"]
    _assert_same(joined(_numbers(4)), nest(first, _two_headed_like(joined), name="boxes")(_numbers(4)))


def _two_headed_like(joined: keras.Model) -> keras.Model:
    image = keras.Input((4,), name="image")
    features = joined.get_layer("features")(image)
    heads = {name: joined.get_layer(name)(features) for name in ("generation", "auxiliary")}
    return keras.Model({"image": image}, heads, name="judge")


def test_a_second_half_that_ends_in_a_box_keeps_the_names_of_its_outputs() -> None:
    box = keras.Sequential([keras.Input((4,)), layers.ReLU(name="relu"), _two_headed()], name="box")
    joined = join(_straight("a", 2, 4), box, name="c")
    assert set(joined.output) == {"generation", "auxiliary"}
    assert sorted(joined.output_names) == ["auxiliary", "generation"]


def test_several_tensors_meet_by_name_where_both_halves_have_names() -> None:
    image = keras.Input((4,), name="image")
    code = {"zeal": layers.Dense(3, name="one")(image), "calm": layers.Dense(3, name="two")(image), "spare": image}
    first = keras.Model(image, code, name="first")
    calm, zeal = keras.Input((3,), name="calm"), keras.Input((3,), name="zeal")
    second = keras.Model({"calm": calm, "zeal": zeal}, layers.Subtract(name="gap")([calm, zeal]), name="second")
    given = first(_numbers(4))
    _assert_same(join(first, second, name="c")(_numbers(4)), given["calm"] - given["zeal"])


def test_several_tensors_meet_in_order_where_names_are_missing() -> None:
    image = keras.Input((4,), name="image")
    first = keras.Model(image, [layers.Dense(3, name="one")(image), layers.Dense(3, name="two")(image)], name="first")
    zeal, calm = keras.Input((3,), name="zeal"), keras.Input((3,), name="calm")
    second = keras.Model({"zeal": zeal, "calm": calm}, layers.Subtract(name="gap")([zeal, calm]), name="second")
    one, two = first(_numbers(4))
    _assert_same(join(first, second, name="c")(_numbers(4)), one - two)


def test_a_layer_used_twice_is_one_layer_with_two_calls() -> None:
    left, right = keras.Input((3,), name="left"), keras.Input((3,), name="right")
    shared = layers.Dense(4, name="shared")
    first = keras.Model([left, right], layers.Add(name="add")([shared(left), shared(shared_again(shared(right)))]))
    joined = join(first, _two_headed(), name="c")
    assert [layer.name for layer in joined.layers].count("shared") == 1
    given = [_numbers(3), _numbers(3, seed=1)]
    _assert_same(joined(given), nest(first, _two_headed_like(joined), name="boxes")(given))


def shared_again(tensor: keras.KerasTensor) -> keras.KerasTensor:
    """Narrows four numbers to the three that the shared layer takes."""
    return tensor[:, :3]


def test_a_layer_in_both_halves_stays_one_layer_of_one_name() -> None:
    tied = layers.Dense(4, name="tied")
    first = keras.Sequential([keras.Input((4,)), tied, layers.ReLU(name="relu")], name="a")
    second = keras.Sequential([keras.Input((4,)), tied], name="b")
    joined = join(first, second, name="c")
    assert joined.count_params() == 20
    assert tied.name == "tied"
    _assert_same(joined(_numbers(4)), second(first(_numbers(4))))


def test_a_box_called_with_a_dict_takes_its_inputs_by_name_when_opened() -> None:
    zeal, calm = keras.Input((4,), name="zeal"), keras.Input((4,), name="calm")
    box = keras.Model([zeal, calm], layers.Subtract(name="gap")([zeal, calm]), name="box")
    image = keras.Input((4,), name="image")
    doubled = layers.Rescaling(2.0, name="doubled")(image)
    first = keras.Model(image, box({"calm": image, "zeal": doubled}), name="first")
    identity = keras.Sequential([keras.Input((4,)), layers.Identity(name="identity")], name="second")
    _assert_same(join(first, identity, name="c")(_numbers(4)), _numbers(4))


def test_a_model_with_a_call_of_its_own_stays_one_layer() -> None:
    class Halved(keras.Model):  # type: ignore[misc]
        def call(self, image: Any, training: bool | None = None) -> Any:
            return super().call(image, training=training) / 2.0

    image = keras.Input((4,))
    halved = Halved(image, layers.Identity(name="identity")(image), name="halved")
    first = keras.Sequential([keras.Input((4,)), halved, layers.Identity(name="after")], name="first")
    second = keras.Sequential([keras.Input((4,)), layers.Identity(name="last")], name="second")
    joined = join(first, second, name="c")
    assert [layer.name for layer in joined.layers[1:]] == ["halved", "after", "last"]
    _assert_same(joined(_numbers(4)), _numbers(4) / 2)


def test_outputs_of_one_layer_called_twice_have_names_and_losses_of_their_own() -> None:
    head, features = layers.Dense(2, name="head"), keras.Input((4,), name="features")
    second = keras.Model(features, [head(features), head(layers.ReLU(name="relu")(features))], name="second")
    joined = join(_straight("a", 4, 4), second, name="c")
    assert joined.output_names == ["head", "head_2"]
    joined.compile("sgd", ["mse", "mae"])
    losses = joined.train_on_batch(_numbers(4), [_numbers(2), _numbers(2)], return_dict=True)
    assert set(losses) == {"loss", "head_loss", "head_2_loss"}


def test_named_outputs_that_nobody_takes_are_left_out_with_their_layers() -> None:
    image = keras.Input((4,), name="image")
    given = {name: layers.Dense(3, name=f"{name}_head")(image) for name in ("mean", "spare")}
    first = keras.Model(image, given, name="first")
    mean = keras.Input((3,), name="mean")
    joined = join(first, keras.Model({"mean": mean}, layers.ReLU(name="relu")(mean), name="second"), name="c")
    assert [layer.name for layer in joined.layers] == ["image", "mean_head", "relu"]
    _assert_same(joined(_numbers(4)), np.maximum(first(_numbers(4))["mean"], 0))


def test_nested_dicts_meet_by_the_keys_of_both_levels() -> None:
    image = keras.Input((4,), name="image")
    maps = [layers.Dense(2, name="coarse")(image), layers.Dense(3, name="fine")(image)]
    first = keras.Model(image, {"maps": maps, "code": image}, name="first")
    taken = [keras.Input((2,), name="low"), keras.Input((3,), name="high")]
    code = keras.Input((4,), name="code")
    whole = layers.Concatenate(name="whole")([*taken, code])
    second = keras.Model({"maps": taken, "code": code}, whole, name="second")
    _assert_same(join(first, second, name="c")(_numbers(4)), second(first(_numbers(4))))


def test_a_join_can_be_joined_again_and_a_model_with_itself() -> None:
    first = _straight("a", 4, 4)
    twice = join(first, first, name="twice")
    assert twice.count_params() == 20
    _assert_same(twice(_numbers(4)), first(first(_numbers(4))))
    joined = join(twice, _two_headed(), name="c")
    assert [layer.name for layer in joined.layers[1:]] == ["dense_0", "features", "auxiliary", "generation"]


def test_losses_of_the_joined_model_are_reported_for_each_output() -> None:
    joined = join(_conditioned(), _two_headed(), name="c")
    joined.compile("sgd", {"generation": "mse", "auxiliary": "mse"})
    targets = {"generation": _numbers(1), "auxiliary": _numbers(3)}
    losses = joined.train_on_batch(_conditions(), targets, return_dict=True)
    assert set(losses) == {"loss", "generation_loss", "auxiliary_loss"}
    assert losses["loss"] == pytest.approx(losses["generation_loss"] + losses["auxiliary_loss"])


def test_a_step_on_the_first_half_alone_leaves_every_bit_of_the_second() -> None:
    first, second = _conditioned(), _two_headed()
    join(first, second, name="c")
    before = second.get_weights()
    first.compile("sgd", "mse")
    first.train_on_batch(_conditions(), _numbers(4))
    _assert_same(second.get_weights(), before)


def test_call_arguments_of_a_frozen_backbone_are_kept_when_it_is_opened() -> None:
    backbone = keras.Sequential([keras.Input((4,)), layers.Dropout(0.5, name="drop"), layers.ReLU(name="relu")])
    image = keras.Input((4,))
    first = keras.Model(image, layers.Dense(4, name="dense")(backbone(image, training=False)), name="first")
    joined = join(first, _two_headed(), name="c")
    node = next(node for node in joined.get_config()["layers"] if node["name"] == "drop")["inbound_nodes"][0]
    assert node["kwargs"]["training"] is False


def test_a_backbone_called_as_in_training_normalises_by_its_batch_when_it_is_opened() -> None:
    backbone = keras.Sequential([keras.Input((4,)), layers.BatchNormalization(name="normal")])
    image = keras.Input((4,))
    first = keras.Model(image, backbone(image, training=True), name="first")
    joined = join(first, keras.Sequential([keras.Input((4,)), layers.Identity(name="identity")]), name="c")
    np.testing.assert_allclose(np.mean(joined(_numbers(4)), axis=0), 0, atol=1e-5)


@pytest.mark.filterwarnings("ignore:Layer .* does not support masking")  # Keras says so of every box, wrongly
def test_masks_pass_from_half_to_half_and_into_opened_models() -> None:
    words = keras.Input((5,), dtype="int32", name="words")
    first = keras.Model(words, layers.Embedding(7, 3, mask_zero=True, name="words_in")(words), name="reader")
    vectors = keras.Input((5, 3), name="vectors")
    pooled = keras.Input((5, 3))
    inner = keras.Model(pooled, layers.GlobalAveragePooling1D(name="mean")(pooled), name="inner")
    second = keras.Model(vectors, inner(layers.Dropout(0.1, name="drop")(vectors)), name="writer")
    given = np.array([[1, 2, 0, 0, 0], [3, 4, 5, 6, 0], [1, 0, 0, 0, 0]], "int32")
    mean = join(first, second, name="c")(given)
    _assert_same(mean, second(first(given)))
    np.testing.assert_allclose(mean[2], first.get_layer("words_in").embeddings[1], rtol=1e-6)


def test_layers_of_the_same_name_get_their_halfs_name_in_front() -> None:
    first, second = _line("maker", 4, 5, 4), _line("judge", 4, 3, 2)
    joined = join(first, second, name="c")
    assert [layer.name for layer in joined.layers[1:]] == [
        "maker_dense_0",
        "maker_dense_1",
        "judge_dense_0",
        "judge_dense_1",
    ]
    paths = [weight.path for weight in joined.weights]
    assert paths[0] == "maker_dense_0/kernel"
    assert len(set(paths)) == len(paths) == 8
    _assert_same(joined(_numbers(4)), second(first(_numbers(4))))


def test_joining_again_renames_nothing_more() -> None:
    first, second = _straight("maker", 4, 4), _straight("judge", 4, 4)
    names = [layer.name for layer in join(first, second, name="c").layers[1:]]
    assert [layer.name for layer in join(first, second, name="c").layers[1:]] == names


def test_halves_of_the_same_name_get_the_prefixes_first_and_second() -> None:
    joined = join(_straight("model", 4, 4), _straight("model", 4, 4), name="c")
    assert [layer.name for layer in joined.layers[1:]] == ["first_dense_0", "second_dense_0"]


def test_same_names_in_two_boxes_of_one_half_get_the_whole_address() -> None:
    boxes = [_straight("left", 4, 4), _straight("right", 4, 4)]
    joined = join(keras.Sequential([keras.Input((4,)), *boxes], name="maker"), _two_headed(), name="c")
    assert [layer.name for layer in joined.layers[1:3]] == ["maker_left_dense_0", "maker_right_dense_0"]


def test_a_layer_named_like_an_input_gives_way_to_it() -> None:
    second = keras.Sequential([keras.Input((4,)), layers.ReLU(name="digit")], name="judge")
    joined = join(_conditioned(), second, name="c")
    assert set(joined.input) == {"latent", "digit"}
    assert joined.layers[-1].name == "judge_digit"


def test_renamed_halves_still_save_load_and_train(tmp_path: Path) -> None:
    first, second = _straight("maker", 4, 4), _straight("judge", 4, 4)
    optimizer = keras.optimizers.Adam()
    optimizer.build(second.trainable_variables)
    joined = join(first, second, name="c")
    joined.compile("adam", "mse")
    joined.train_on_batch(_numbers(4), _numbers(4))
    joined.get_state_tree()
    optimizer.apply([tf.ones_like(variable) for variable in second.trainable_variables])
    for model in (first, second, joined):
        model.save(tmp_path / "model.keras")
        loaded = keras.models.load_model(tmp_path / "model.keras")
        assert [layer.name for layer in loaded.layers] == [layer.name for layer in model.layers]
        _assert_same(loaded(_numbers(4)), model(_numbers(4)))


def test_a_joined_model_loads_back_whole(tmp_path: Path) -> None:
    first, second = _conditioned(), _two_headed()
    joined = join(first, second, name="c")
    joined.save(tmp_path / "c.keras")
    loaded = keras.models.load_model(tmp_path / "c.keras")
    assert [layer.name for layer in loaded.layers] == [layer.name for layer in joined.layers]
    _assert_same(loaded(_conditions()), joined(_conditions()))


def test_a_sequential_head_without_input_takes_the_shape_it_is_given() -> None:
    joined = join(_straight("a", 4, 3), keras.Sequential([layers.Dense(2, name="head")], name="b"), name="c")
    assert joined.output_shape == (None, 2)


def test_a_sequential_head_that_cannot_take_the_shape_is_refused_with_both_layers() -> None:
    head = keras.Sequential([layers.Conv2D(2, 3, name="window")], name="judge")
    with pytest.raises(
        CompositionError, match=r"\(None, 3\) from layer `dense_0` of `a`, for layer `window` of `judge`"
    ):
        join(_straight("a", 4, 3), head, name="c")


def test_floats_of_another_width_are_cast_as_the_second_half_would() -> None:
    image = keras.Input((4,))
    first = keras.Model(image, layers.Dense(3, dtype="float16", name="half")(image), name="first")
    wide = keras.Input((3,), name="wide")
    second = keras.Model(wide, wide / 3.0, name="second")
    joined = join(first, second, name="c")
    assert joined.output.dtype == "float32"
    _assert_same(joined(_numbers(4)), second(first(_numbers(4))))


def test_shapes_that_do_not_meet_are_refused_with_both_shapes_and_layers() -> None:
    with pytest.raises(CompositionError) as refusal:
        join(keras.Sequential([keras.Input((4,)), _straight("inner", 4, 3)], name="maker"), _two_headed(), name="c")
    for part in ("(None, 3)", "`dense_0`", "`maker`", "(None, 4)", "`image`", "`judge`"):
        assert part in str(refusal.value)


def test_a_refused_join_renames_nothing() -> None:
    first, second = _straight("maker", 4, 3), _straight("judge", 4, 3)
    with pytest.raises(CompositionError, match="shape"):
        join(first, second, name="c")
    assert first.layers[0].name == second.layers[0].name == "dense_0"


def test_whole_numbers_do_not_meet_floats() -> None:
    digit = keras.Input((1,), dtype="int32", name="digit")
    second = keras.Model(digit, layers.Embedding(10, 2)(digit), name="second")
    with pytest.raises(CompositionError, match="float32 from layer `dense_0`.*int32 wanted by layer `digit`"):
        join(_straight("a", 4, 1), second, name="c")


def test_more_tensors_than_the_second_half_takes_are_refused_by_name() -> None:
    first = _two_headed("first")
    left, right = keras.Input((1,), name="left"), keras.Input((3,), name="right")
    second = keras.Model({"left": left, "right": right}, layers.Concatenate()([left, right]), name="second")
    with pytest.raises(CompositionError) as refusal:
        join(first, second, name="c")
    for part in ("`generation` (None, 1) from layer `generation`", "`right` (None, 3) from layer `right`"):
        assert part in str(refusal.value)
    with pytest.raises(CompositionError, match="as many tensors"):
        join(first, _straight("b", 4, 2), name="c")


def test_a_model_that_hides_its_layers_is_refused() -> None:
    class Hidden(keras.Model):  # type: ignore[misc]
        def call(self, image: Any) -> Any:
            return image

    with pytest.raises(CompositionError, match="`first` must be a Functional model.*Hidden"):
        join(Hidden(name="hidden"), _two_headed(), name="c")
    with pytest.raises(CompositionError, match="`second` must be a Functional model"):
        join(_straight("a", 4, 4), Hidden(name="hidden"), name="c")
