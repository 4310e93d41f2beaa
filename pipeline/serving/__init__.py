"""The code of the services: MLflow copies one of these files into a registered model and runs it there.

A file here imports nothing of this project, so that the model loads where the project is not installed.

::

    generator       rows of a digit and a seed or a latent → images
    discriminator   rows of an image → real or generated, and which digit
"""

from pathlib import Path

CODE = {part: Path(__file__).with_name(f"{part}.py") for part in ("generator", "discriminator")}
