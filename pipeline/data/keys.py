"""The key of a metric: a value with fields, which becomes text in the tracking store and in files alone.

MLflow shows a run's charts in sections, one for all keys with the same text before the last slash, sorted by that text.
So curves come first (`heldout`, `reference`, `train`) and the bars of the newest evaluation last: `trained/quality`,
`trained/reference`, `trained/test`.
"""

from collections.abc import Collection
from dataclasses import KW_ONLY, asdict, dataclass, replace
from functools import cache, cached_property
from typing import Any

TRAIN, HELD_OUT, TEST, QUALITY, REFERENCE = SPLITS = ("train", "heldout", "test", "quality", "reference")
TRAINED = "trained"
_BY_DIGIT = "_by_digit"


@dataclass(frozen=True)
class Key:
    """What a number measures, and on what.

    Its text is `trained/SPLIT/SCHEME/COMPONENT/MEASURE_by_digit/DIGIT`, without the parts that are empty.

    Attributes:
        measure: The measure or loss, such as `accuracy`.
        split: One of `SPLITS`: training, held-out or test images, digits generated for an evaluation, or real digits;
            empty of a measure by itself.
        scheme: How losses are weighted, such as `hard`; empty where there is one way.
        component: The half of a composition, or what several measures belong to; empty of the whole.
        digit: `0` to `9`, or `mean` or `worst` of the ten; empty of all digits together.
        trained: Whether the newest evaluation measured it, written on the run of the training itself.

    Raises:
        ValueError: Another key has the same text.
    """

    measure: str
    _: KW_ONLY
    split: str = ""
    scheme: str = ""
    component: str = ""
    digit: str = ""
    trained: bool = False

    def __post_init__(self) -> None:
        if _fields(self.text) != asdict(self):
            raise ValueError(f"the parts of a key must be told from one another in its text. Received: {self!r}")

    def __hash__(self) -> int:
        return hash(self.text)

    def __str__(self) -> str:
        return self.text

    @classmethod
    @cache
    def parse(cls, text: str) -> "Key":
        """Reads a key, such as `heldout/hard/generator/loss`."""
        return cls(**_fields(text))

    @cached_property
    def text(self) -> str:
        """The key in the tracking store."""
        return "/".join([*filter(None, (TRAINED if self.trained else "", self.split)), self.name])

    @property
    def name(self) -> str:
        """The text without the split, such as `hard/generator/loss`."""
        measure = f"{self.measure}{_BY_DIGIT}/{self.digit}" if self.digit else self.measure
        return "/".join([*filter(None, (self.scheme, self.component)), measure])

    @property
    def of_one_digit(self) -> bool:
        """Whether it measures one digit alone, such as `accuracy_by_digit/7`."""
        return self.digit.isdigit()

    @property
    def compares_runs(self) -> bool:
        """Whether runs are compared by it: a measure of a report, its reference, or one of the newest evaluation."""
        return self.trained or self.split in (HELD_OUT, REFERENCE)

    def on(self, split: str) -> "Key":
        """Returns the key of the same measure on another split."""
        return replace(self, split=split)


@cache
def train_key(measure: str, component: str = "") -> Key:
    """Returns the key of a training loss; the same object at every step."""
    return Key(measure, split=TRAIN, component=component)


def held_out_key(measure: str) -> Key:
    """Returns the key of a measure or loss of a report."""
    return Key(measure, split=HELD_OUT)


def _fields(text: str) -> dict[str, Any]:
    parts = text.split("/")
    trained = bool(_leading(parts, (TRAINED,)))
    split, digit = _leading(parts, SPLITS), ""
    if len(parts) > 1 and parts[-2].endswith(_BY_DIGIT):
        digit = parts.pop()
        parts[-1] = parts[-1].removesuffix(_BY_DIGIT)
    *schemes, component, measure = ["", *parts] if len(parts) == 1 else parts
    places = {"measure": measure, "split": split, "scheme": "/".join(schemes), "component": component}
    return {**places, "digit": digit, "trained": trained}


def _leading(parts: list[str], words: Collection[str]) -> str:
    """Takes the first part away, where it is one of `words` and not the only one."""
    return parts.pop(0) if len(parts) > 1 and parts[0] in words else ""
