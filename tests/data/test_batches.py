"""The draws of a step depend on its number alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pipeline.data.batches import batch_indices, draw_noise, draw_pairs

NOISE = [[1.7586746, 0.0458471]]
SEEDS = st.integers(0, 2**32 - 1)


def stream(seed: int, steps: int, batch_size: int, count: int) -> list[int]:
    batches = [batch_indices(seed, step, batch_size=batch_size, count=count) for step in range(steps)]
    return [int(index) for batch in batches for index in batch]


@settings(deadline=None, max_examples=50)
@given(seed=SEEDS, batch_size=st.integers(1, 30), count=st.integers(1, 40))
def test_every_image_is_seen_once_an_epoch_whatever_the_batch(seed: int, batch_size: int, count: int) -> None:
    steps = 3 * count // batch_size + 1
    seen = stream(seed, steps, batch_size, count)
    for epoch in range(3):
        assert (
            sorted(seen[epoch * count : (epoch + 1) * count]) == list(range(count)) or len(seen) < (epoch + 1) * count
        )


@settings(deadline=None, max_examples=50)
@given(seed=SEEDS, count=st.integers(1, 40))
def test_the_order_of_images_does_not_depend_on_the_batch(seed: int, count: int) -> None:
    assert stream(seed, 12, 5, count) == stream(seed, 5, 12, count) == stream(seed, 1, 60, count)


def test_a_step_asked_alone_gives_what_it_gives_in_a_run() -> None:
    run = [batch_indices(3, step, batch_size=50, count=60_000) for step in range(2410)]
    for step in (0, 1199, 1200, 2409):
        np.testing.assert_array_equal(batch_indices(3, step, batch_size=50, count=60_000), run[step])


def test_epochs_and_seeds_are_in_different_orders() -> None:
    orders = {tuple(batch_indices(seed, epoch, batch_size=50, count=50)) for seed in range(10) for epoch in range(10)}
    assert len(orders) == 100


def test_a_batch_may_be_changed_without_changing_the_stream() -> None:
    batch = batch_indices(0, 0, batch_size=5, count=10)
    before = batch.copy()
    batch[:] = 0
    np.testing.assert_array_equal(batch_indices(0, 0, batch_size=5, count=10), before)


def test_indices_are_those_that_earlier_runs_saw() -> None:
    batch = batch_indices(0, 7, batch_size=4, count=10)
    assert batch.dtype == np.int64
    assert batch.tolist() == [3, 9, 2, 7]


def test_pairs_are_those_that_earlier_runs_saw() -> None:
    latents, digits = draw_pairs(0, 7, 1, count=2, latent_size=2)
    np.testing.assert_allclose(latents, [[0.6640823, -0.84315515], [-0.0344317, 0.03685129]], rtol=1e-6)
    assert digits.tolist() == [[2], [6]]


@settings(deadline=None, max_examples=50)
@given(seed=SEEDS, step=st.integers(0, 2**40), stream=st.integers(0, 9))
def test_the_same_step_draws_the_same_pairs(seed: int, step: int, stream: int) -> None:
    first = draw_pairs(seed, step, stream, count=3, latent_size=4)
    again = draw_pairs(seed, step, stream, count=3, latent_size=4)
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])


def test_latents_and_digits_have_the_form_that_the_generator_takes() -> None:
    latents, digits = draw_pairs(0, 0, 0, count=5, latent_size=100)
    assert (latents.shape, latents.dtype.name) == ((5, 100), "float32")
    assert (digits.shape, digits.dtype.name) == ((5, 1), "int32")


def test_latents_are_uniform_from_minus_one_to_below_one() -> None:
    latents, _ = draw_pairs(0, 0, 0, count=10_000, latent_size=100)
    assert latents.min() >= -1
    assert latents.max() < 1
    assert stats.kstest(latents.ravel(), stats.uniform(-1, 2).cdf).pvalue > 0.01


def test_digits_are_drawn_alike_often() -> None:
    _, digits = draw_pairs(0, 0, 0, count=100_000, latent_size=1)
    counts = np.bincount(digits.ravel(), minlength=10)
    assert len(counts) == 10
    assert stats.chisquare(counts).pvalue > 0.01


@pytest.mark.parametrize("changed", [(1, 0, 0), (0, 1, 0), (0, 0, 1)], ids=["seed", "step", "stream"])
def test_another_seed_step_or_stream_is_independent(changed: tuple[int, int, int]) -> None:
    first, _ = draw_pairs(0, 0, 0, count=1000, latent_size=100)
    second, _ = draw_pairs(*changed, count=1000, latent_size=100)
    assert not np.isin(first, second).all()
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.01


def test_one_step_shares_no_draw_with_the_next_however_much_it_draws() -> None:
    first, _ = draw_pairs(0, 0, 0, count=2000, latent_size=100)
    second, _ = draw_pairs(0, 1, 0, count=2000, latent_size=100)
    rows = {row.tobytes() for row in first[:, :4]}
    assert not any(row.tobytes() in rows for row in second[:, :4])


def test_noise_is_standard_normal() -> None:
    noise = draw_noise(0, 0, 0, count=2000, size=50)
    assert (noise.shape, noise.dtype.name) == ((2000, 50), "float32")
    assert stats.kstest(noise.ravel(), stats.norm.cdf).pvalue > 0.01


def test_noise_is_what_earlier_runs_saw() -> None:
    np.testing.assert_allclose(draw_noise(0, 7, 1, count=1, size=2), NOISE, rtol=1e-6)


@settings(deadline=None, max_examples=50)
@given(seed=SEEDS, step=st.integers(0, 2**40), count=st.integers(1, 9))
def test_the_first_draws_of_noise_are_the_same_however_many_there_are(seed: int, step: int, count: int) -> None:
    few, many = (draw_noise(seed, step, 3, count=number, size=4) for number in (count, 10))
    np.testing.assert_array_equal(few, many[:count])


@pytest.mark.parametrize("changed", [(1, 0, 0), (0, 1, 0), (0, 0, 1)], ids=["seed", "step", "stream"])
def test_another_seed_step_or_stream_draws_independent_noise(changed: tuple[int, int, int]) -> None:
    first, second = draw_noise(0, 0, 0, count=1000, size=100), draw_noise(*changed, count=1000, size=100)
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.015
