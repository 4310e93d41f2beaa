"""Memory that TensorFlow keeps for as long as its process lives, freed between the trainings of one process.

Private names: `gradient_registry._registry` of `tensorflow.python.framework.ops`.
"""

from tensorflow.python.framework import ops

_OF_CUSTOM_GRADIENTS = "CustomGradient-"


def clear_gradients() -> None:
    """Frees the graphs of compiled functions that are gone, to be called before the collector.

    Where a compiled function calls one with `tf.custom_gradient`, TensorFlow registers the gradient under a name of its
    own and keeps it. The gradient refers to tensors of the graph, and with it to the graph whole. A function that is
    still in use must not be differentiated afterwards.
    """
    registered = ops.gradient_registry._registry
    for name in [name for name in registered if name.startswith(_OF_CUSTOM_GRADIENTS)]:
        del registered[name]
