from typing import Any

import pytest
from matplotlib.figure import Figure


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The figures that were drawn, to look at what is on them."""
    kept: list[Any] = []
    save = Figure.savefig

    def keep(figure: Figure, file: Any, **form: Any) -> None:
        kept.append(figure)
        save(figure, file, **form)

    monkeypatch.setattr(Figure, "savefig", keep)
    return kept
