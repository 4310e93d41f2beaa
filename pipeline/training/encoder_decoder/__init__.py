"""Code that the autoencoder and the VAE share.

::

    coding          their training; digits ↔ codes in any number
    halves          one step of both halves, together or apart
    reconstruction  errors of reconstructions
    pictures        reconstructions beneath their originals, and walks between codes
"""
