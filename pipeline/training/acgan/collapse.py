"""A warning of a generator that has collapsed."""

from collections.abc import Mapping
from math import log

from pipeline.data.keys import Key, train_key
from pipeline.settings.acgan import AcganSettings

UNRECOGNIZED_CLASSES = 2.2 / log(10)  # of the loss of a guess
NEAR_MINIMUM = 0.03


def entropy(probability: float) -> float:
    """Entropy in nats of an answer that is yes with a probability in [0, 1], such as H(0.95) = 0.1985."""
    return -sum(share * log(share) for share in (probability, 1 - probability) if share > 0)


def describe_collapse(recent: Mapping[Key, float], settings: AcganSettings, *, classes: int) -> tuple[str, ...]:
    """Describes a collapse to images of no class, as hard labels with an auxiliary loss on generated images cause.

    A generator has collapsed if its classes are not recognised (auxiliary loss at least 2.2 of ten classes, where
    chance is ln 10 = 2.303) by a discriminator that is never wrong (generation loss near the entropy of its soft
    labels, which is its minimum).
    `recent` holds the mean training losses since the last report, in nats. Returns one warning, or none, as where the
    generator's auxiliary loss has weight 0 and tells nothing.
    """
    weight = settings.auxiliary_weight.trick
    if not weight:
        return ()
    minimum = (entropy(settings.soft_label.real) + entropy(settings.soft_label.generated)) / 2
    auxiliary = recent[train_key("auxiliary_loss", "generator")] / weight
    generation = recent[train_key("generation_loss", "discriminator")]
    if auxiliary < UNRECOGNIZED_CLASSES * log(classes) or generation > minimum + NEAR_MINIMUM:
        return ()
    return (
        f"the generator has collapsed: its unweighted auxiliary loss is {auxiliary:.2f} (chance is {log(classes):.2f}) "
        f"and the discriminator's generation loss {generation:.3f} (its minimum is {minimum:.3f}). Soft labels "
        "(acgan.soft_label) or acgan.auxiliary_weight.generated=0 avoid it.",
    )
