"""Frozen, typed settings, validated before anything heavy is imported.

::

    composed       all settings of one command: `Settings`, composed and validated
    overrides      what Hydra composes and refuses, as plain values and as one line
    addresses      addresses of settings, and what is wrong with a value
    applicable     which overrides a command can apply
    family         what every family has; a family's settings by its name
    convolutional  what the families of a convolutional encoder and decoder share
    acgan autoencoder vae    the block of one family each
    compute data judge stages    the other blocks of `params.yaml`
    promote search drawing compare    what promotions, searches, digits on request and comparisons are of
    images         the form of a data set's images
    frozen         the base of every block
    job            how a command was called, and its place in a sweep
    paths          the project's root and the folders beneath it
    errors exits   errors that a user can mend, and how a command ends with one
"""
