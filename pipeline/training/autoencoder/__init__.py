"""The autoencoder."""

from pipeline.training.autoencoder.family import FAMILY as FAMILY
