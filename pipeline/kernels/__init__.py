"""Faster ways to compute what Keras' layers and its Adam compute; README.md says how and why."""

import pipeline.models  # noqa: F401  (imports TensorFlow without its chatter, and sets Keras' own settings)
