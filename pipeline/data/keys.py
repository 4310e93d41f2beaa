"""The keys of metrics."""

HELD_OUT, REFERENCE = "heldout/", "reference/"
