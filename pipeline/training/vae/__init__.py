"""The variational autoencoder."""

from pipeline.training.vae.family import FAMILY as FAMILY
