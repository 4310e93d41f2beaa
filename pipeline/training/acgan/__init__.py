"""The AC-GAN: networks in training, losses, steps, and what is made of them afterwards."""

from pipeline.training.acgan.family import FAMILY as FAMILY
