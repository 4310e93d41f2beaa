from typing import Any

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from pipeline.evaluation import distances
from pipeline.evaluation.distances import Distances, rounding


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_distances_are_exact_but_for_the_rounding_that_is_admitted(kind: Any) -> None:
    random = np.random.default_rng(0)
    rows, columns = (random.normal(3, 5, (size, 64)).astype(kind) for size in (200, 300))
    columns[:100] = rows[:100]
    exact = cdist(rows.astype(np.float64), columns.astype(np.float64))
    for part, squared in Distances(columns).blocks(rows):
        allowed = rounding(rows[part], exact[part].max(axis=1).astype(kind))
        error = np.abs(squared - exact[part] ** 2)
        assert (error <= allowed[:, np.newaxis]).all()
        assert allowed.max() < 2e4 * 64 * np.finfo(kind).eps * 4


def test_blocks_cover_every_row_once_and_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distances, "BLOCK_BYTES", 3 * 5 * 8)
    points = np.arange(7.0)[:, np.newaxis]
    blocks = [(part, squared.copy()) for part, squared in Distances(points[:5]).blocks(points)]
    assert [part for part, _ in blocks] == [slice(0, 3), slice(3, 6), slice(6, 7)]
    np.testing.assert_array_equal(np.concatenate([squared for _, squared in blocks]), (points - points[:5].T) ** 2)
