"""The two halves of the autoencoder: image → code and code → image."""

import keras
from keras import layers

from pipeline.models import convolutional
from pipeline.models.precision import FULL
from pipeline.models.seeds import seeds
from pipeline.settings.autoencoder import AutoencoderSettings


def build_encoder(settings: AutoencoderSettings, *, seed: int) -> keras.Model:
    """Builds the encoder: five halvings, then the mean of each filter over the last map.

    Those means are the code. If `width` differs from `dim`, a dense layer maps them to `dim` numbers.

    Returns:
        A model from `{"image": (n, image_size, image_size, channels)}` in [-1, 1] to codes `(n, dim)`.
    """
    image = keras.Input((settings.image_size, settings.image_size, settings.channels), name="image")
    stream = seeds(seed, "encoder")
    features = convolutional.halve(image, settings, stream)
    if settings.dim == settings.base_filters:
        code = layers.GlobalAveragePooling2D(name="code", dtype=FULL)(features)
    else:
        features = layers.GlobalAveragePooling2D(name="features")(features)
        code = convolutional.project(settings.dim, stream, "code")(features)
    return keras.Model({"image": image}, code, name="encoder")


def build_decoder(settings: AutoencoderSettings, encoder: keras.Model, *, seed: int) -> keras.Model:
    """Builds the decoder, from the size of the encoder's last map to the size of the image.

    Returns:
        A model from `{"code": (n, dim)}` to images `(n, image_size, image_size, channels)` in [-1, 1].
    """
    return convolutional.build_decoder(settings, encoder, code="code", seed=seed)
