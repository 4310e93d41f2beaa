"""Adam, in one pass over each variable or as Keras computes it.

Private names, of Keras' Adam: `_momentums`, `_velocities`, `_get_variable_index` and `_clip_gradients`.
"""

from typing import Any

import keras
import tensorflow as tf

from pipeline.settings.compute import Kernels


def build_adam(
    model: keras.Model,
    learning_rate: float | keras.optimizers.schedules.LearningRateSchedule,
    *,
    kernels: Kernels,
    **options: Any,
) -> keras.optimizers.Optimizer:
    """Builds Adam with its moments of a model's trainable variables.

    It is `FusedAdam` for `fast` kernels and Keras' own for `plain` ones; options are those of `keras.optimizers.Adam`.
    """
    optimizer = (FusedAdam if kernels == "fast" else keras.optimizers.Adam)(learning_rate, **options)
    optimizer.build(model.trainable_variables)
    return optimizer


class FusedAdam(keras.optimizers.Adam):
    """Adam (Kingma & Ba 2015, arXiv 1412.6980) in one pass over each variable per step, where Keras makes 12.

    Arguments are those of `keras.optimizers.Adam`. Moments and weights equal those of Keras to float32's rounding.
    Gradients must be dense.

    Raises:
        ValueError: `amsgrad` is set.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if self.amsgrad:
            raise ValueError("`amsgrad` must be False. Received: True")

    def update_step(self, gradient: tf.Tensor, variable: Any, learning_rate: Any) -> None:
        """Updates one variable and its moments; called by Keras."""
        index = self._get_variable_index(variable)
        step = tf.cast(self.iterations + 1, variable.dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=tf.pow(self.beta_1, step),
            beta2_power=tf.pow(self.beta_2, step),
            lr=tf.cast(learning_rate, variable.dtype),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=gradient,
        )

    def _clip_gradients(self, grads: list[tf.Tensor]) -> list[tf.Tensor]:
        """Leaves gradients whose norm is below `global_clipnorm` as they are, where Keras multiplies each by 1.

        A norm that is not finite makes all of them NaN, as in Keras, so that a training that has blown up shows it.
        """
        if self.global_clipnorm is None:
            others: list[tf.Tensor] = super()._clip_gradients(grads)
            return others
        norm = tf.sqrt(2 * tf.add_n([tf.nn.l2_loss(gradient) for gradient in grads]))
        scale = self.global_clipnorm / norm + (norm - norm)
        clipped: list[tf.Tensor] = tf.cond(
            norm < self.global_clipnorm, lambda: grads, lambda: [gradient * scale for gradient in grads]
        )
        return clipped
