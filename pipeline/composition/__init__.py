"""Two models in a row, A → B = C: their join, and the layers and weights of any Keras model.

::

    join        A and B → C, layer by layer
    graph       a model's inputs, outputs and layers
    renaming    distinct names for layers and outputs
    summaries   a model as text, as two boxes or opened
    weights     every layer's coefficients as arrays and files
    export      models as ONNX and as TensorFlow's SavedModel
"""

import pipeline.models  # noqa: F401  (imports TensorFlow without its chatter, and sets Keras' own settings)
