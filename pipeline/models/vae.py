"""The two halves of the variational autoencoder: (image, noise) → latent and latent → image."""

import keras
from keras import layers

from pipeline.models import convolutional
from pipeline.models.precision import FULL
from pipeline.models.seeds import seeds
from pipeline.settings.vae import VaeSettings


def build_encoder(settings: VaeSettings, *, seed: int) -> keras.Model:
    """Builds the encoder of Kingma and Welling 2013, arXiv 1312.6114: image → normal distribution of latents.

    The noise is an input, so that a draw is a function of the step and not a state. Noise 0 gives the mean.

    Returns:
        A model from `{"image": (n, image_size, image_size, channels)}` in [-1, 1] and `{"noise": (n, latent_size)}`,
        standard normal, to `{"mean", "log_variance", "latent"}`, each `(n, latent_size)`.
    """
    stream = seeds(seed, "encoder")
    image = keras.Input((settings.image_size, settings.image_size, settings.channels), name="image")
    noise = keras.Input((settings.latent_size,), name="noise")
    features = convolutional.halve(image, settings, stream)
    features = layers.GlobalAveragePooling2D(name="features")(features)
    mean = convolutional.project(settings.latent_size, stream, "mean")(features)
    log_variance = convolutional.project(settings.latent_size, stream, "log_variance")(features)
    latent = build_sampling(settings.latent_size)([mean, log_variance, noise])
    outputs = {"mean": mean, "log_variance": log_variance, "latent": latent}
    return keras.Model({"image": image, "noise": noise}, outputs, name="encoder")


def build_sampling(latent_size: int) -> keras.Model:
    """Builds the sampling layer: latent = mean + exp(log-variance / 2) × noise, arXiv 1312.6114, section 2.4.

    Returns:
        A model from `[mean, log_variance, noise]` to a latent, each `(n, latent_size)`. It consists of Keras' own
        layers, so that a saved model loads where this package is not installed.
    """
    mean, log_variance, noise = (keras.Input((latent_size,)) for _ in range(3))
    deviation = layers.Rescaling(0.5, name="half_log_variance", dtype=FULL)(log_variance)
    deviation = layers.Activation("exponential", name="deviation", dtype=FULL)(deviation)
    scaled = layers.Multiply(name="scaled_noise", dtype=FULL)([deviation, noise])
    latent = layers.Add(name="latent", dtype=FULL)([mean, scaled])
    return keras.Model([mean, log_variance, noise], latent, name="sampling")


def build_decoder(settings: VaeSettings, encoder: keras.Model, *, seed: int) -> keras.Model:
    """Builds the decoder, from the size of the encoder's last map to the size of the image.

    Returns:
        A model from `{"latent": (n, latent_size)}` to images `(n, image_size, image_size, channels)` in [-1, 1].
    """
    return convolutional.build_decoder(settings, encoder, code="latent", seed=seed)
