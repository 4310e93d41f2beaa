"""Faster ways to compute the results of Keras' layers and of its Adam; README.md says how and why.

::

    accelerate      a model over another's layers, with the fast kernels
    convolution     convolutions and their bias
    dropout_bits    dropout from 16 random bits per number
    adam            Adam as one operation per variable
"""

import pipeline.models  # noqa: F401  (imports TensorFlow without its chatter, and sets Keras' own settings)
