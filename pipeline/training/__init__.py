"""Families in training: losses, steps, the loop over them and its checkpoints. Only here are gradients taken.

::

    family           the contract of a family, and what a training reports and draws
    loop             the loop over steps, which yields events
    memory           what TensorFlow keeps between the trainings of one process
    stepping         calls of compiled steps, one or several a call
    devices          what `auto` means on this machine
    history          the metrics of a training so far
    checkpoints      the state of a training, and its models, as files
    pictures         what a family draws of a training
    timing           the seam for whoever times a training
    acgan autoencoder vae    one family each
    encoder_decoder  what the last two share
"""
