"""Summaries of built models as plain text in a monospaced font: no colours, nothing cut off.

Lines have at least 120 columns, more where a name would be cut off. The table of a model that is not a straight line
has the column "Connected to".
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import keras

NARROWEST = 120
WIDEST = 2000


def boxed(model: keras.Model) -> str:
    """Keras' own table, with one row per nested model."""
    return _summary(model, expand_nested=False)


def opened(model: keras.Model) -> str:
    """Keras' own table, with the layers of nested models listed below each."""
    return _summary(model, expand_nested=True)


def _summary(model: keras.Model, *, expand_nested: bool) -> str:
    text = ""
    for width in range(NARROWEST, WIDEST + 1, 40):
        with _columns(width):
            pieces: list[str] = []
            model.summary(line_length=width, expand_nested=expand_nested, print_fn=pieces.append)
        text = "\n".join(pieces).rstrip() + "\n"
        if "…" not in text:
            break
    return text


@contextmanager
def _columns(width: int) -> Iterator[None]:
    """Widens the console Keras prints to: it cuts lines at the terminal's width whatever `line_length` says."""
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = str(width + 1)
    try:
        yield
    finally:
        if before is None:
            del os.environ["COLUMNS"]
        else:
            os.environ["COLUMNS"] = before
