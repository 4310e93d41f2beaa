"""The networks.

::

    generator discriminator    the two halves of the AC-GAN
    autoencoder vae            encoder and decoder of each
    convolutional              the blocks that the two share
    seeds                      seeds of initial weights and dropout
    precision                  the number format that layers compute in
    prediction                 what a network computes for many inputs

Import this package before TensorFlow: it hides the lines on drivers and processors that TensorFlow writes to standard
error before its log level takes effect.

Private names: `Model._resolve_auto_jit_compile` of Keras.
"""

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _silent_standard_error() -> Iterator[None]:
    """Captures what C++ code writes to standard error, and prints it only if the block fails."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as aside:
        os.dup2(aside.fileno(), 2)
        try:
            yield
        except BaseException:
            aside.seek(0)
            os.write(kept, aside.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


@contextmanager
def _hidden(*packages: str) -> Iterator[None]:
    """Lets the imports of the block find none of these packages, unless they are imported already."""
    hidden = [package for package in packages if package not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for package in hidden:
            del sys.modules[package]


# Keras would import both, which takes a second, for its galleries of images and its estimators.
with _silent_standard_error(), _hidden("matplotlib", "sklearn"):
    import keras

# TensorFlow warns of retracing as soon as a process builds several models, each with a function of its own.
logging.getLogger("tensorflow").setLevel(logging.ERROR)
# A user's own ~/.keras/keras.json would change the networks, and no hash would show it.
keras.config.set_floatx("float32")
keras.config.set_image_data_format("channels_last")
keras.config.set_epsilon(1e-7)
# On a GPU Keras would compile `predict` and `fit` by XLA, each model and batch anew, whatever `compute.xla` says.
keras.Model._resolve_auto_jit_compile = lambda _: False
