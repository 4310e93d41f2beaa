"""Settings of the convolutional families, small enough to build at once unless a test changes them."""

from typing import Any

from pipeline.settings.autoencoder import AutoencoderSettings
from pipeline.settings.vae import VaeSettings

SHARED: dict[str, Any] = {
    "steps": 10,
    "report_every": 5,
    "report_images": 10,
    "keep_every_report": False,
    "batch_size": 2,
    "mode": "joint",
    "image_size": 32,
    "channels": 1,
    "learning_rate": 0.002,
    "decay_steps": None,
    "batch_norm_momentum": 0.99,
}
AUTOENCODER: dict[str, Any] = {**SHARED, "dim": 16, "width": None}
VAE: dict[str, Any] = {**SHARED, "latent_size": 2, "width": 16, "beta": 1.0}


def autoencoder(**changes: Any) -> AutoencoderSettings:
    """The autoencoder's settings with some of them changed."""
    return AutoencoderSettings.model_validate({**AUTOENCODER, **changes})


def vae(**changes: Any) -> VaeSettings:
    """The settings of the variational autoencoder with some of them changed."""
    return VaeSettings.model_validate({**VAE, **changes})
