"""The variational autoencoder.

::

    family      its entry `FAMILY`: its training, evaluation and pictures
    bound       the evidence lower bound
    sampling    random draws, and digits decoded from the prior
"""

from pipeline.training.vae.family import FAMILY as FAMILY
