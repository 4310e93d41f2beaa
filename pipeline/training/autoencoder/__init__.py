"""The autoencoder: `family` has its training, and its errors, codes and pictures afterwards."""

from pipeline.training.autoencoder.family import FAMILY as FAMILY
