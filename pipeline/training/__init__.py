"""Losses, steps, the loop over them and its checkpoints; the one place that knows gradient tapes."""
