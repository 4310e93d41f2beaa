"""Dropout from half the random bits, whose generation takes most of its time on a CPU."""

import tensorflow as tf

LEVELS = 1 << 16


def drop(maps: tf.Tensor, rate: float, seed: tf.Tensor) -> tf.Tensor:
    """Sets a share of numbers to 0 and scales up the rest, so that the expected sum stays the same.

    16 random bits decide about a number, where Keras spends 32. So the share `rate`, in [0, 1), is rounded to a
    multiple of 1/65,536. Maps may have any shape; equal seeds, `(2,)` integers, drop the same numbers.
    """
    dropped = min(round(rate * LEVELS), LEVELS - 1)
    count = tf.size(maps)
    words = tf.random.stateless_uniform(
        [(count + 1) // 2], tf.cast(seed, tf.int64), minval=None, maxval=None, dtype=tf.uint32
    )
    draws = tf.reshape(tf.reshape(tf.bitcast(words, tf.uint16), [-1])[:count], tf.shape(maps))
    kept = draws >= tf.constant(dropped, tf.uint16)
    return tf.where(kept, maps * (LEVELS / (LEVELS - dropped)), tf.zeros((), maps.dtype))
