"""The AC-GAN.

::

    family      its entry `FAMILY`: evaluation, pictures and examples
    training    its training, step by step
    recipes     one training step, in two recipes
    networks    generator, discriminator, their optimisers and the generator's average
    losses      the two losses
    likelihood  implicit maximum likelihood
    heldout     losses on held-out images
    collapse    a warning of a collapsed generator
    sampling    random draws, and the digits that the generator makes of them
"""

from pipeline.training.acgan.family import FAMILY as FAMILY
