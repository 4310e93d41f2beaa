"""Notices a generator that has collapsed."""

from collections.abc import Mapping
from math import log

from pipeline.data.keys import Key, train_key
from pipeline.settings.acgan import AcganSettings

CANNOT_TELL_CLASSES = 2.2
NEAR_FLOOR = 0.03


def entropy(probability: float) -> float:
    """Gives the entropy of a yes-or-no answer, nats: H(0.95) = 0.1985.

    Args:
        probability: In [0, 1].
    """
    return -sum(share * log(share) for share in (probability, 1 - probability) if share > 0)


def describe_collapse(recent: Mapping[Key, float], settings: AcganSettings) -> tuple[str, ...]:
    """Describes a collapse to images of no class, as hard labels with an auxiliary loss on generated images bring.

    The mark is a generator that cannot tell classes (auxiliary loss at least 2.2; ln 10 = 2.303 is chance) before a
    discriminator that is never wrong (generation loss at the entropy of its soft labels, which it cannot go below).

    Args:
        recent: Mean training losses since the last report.
        settings: The soft labels.

    Returns:
        One warning, or none.
    """
    floor = (entropy(settings.soft_label.real) + entropy(settings.soft_label.generated)) / 2
    auxiliary = recent[train_key("auxiliary_loss", "generator")]
    generation = recent[train_key("generation_loss", "discriminator")]
    if auxiliary < CANNOT_TELL_CLASSES or generation > floor + NEAR_FLOOR:
        return ()
    return (
        f"the generator has collapsed: its auxiliary loss is {auxiliary:.2f} (chance is 2.30) and the discriminator's "
        f"generation loss {generation:.3f} (its floor is {floor:.3f}). Soft labels, or an auxiliary weight of 0 on "
        "generated images, avoid it.",
    )
