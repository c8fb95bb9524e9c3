"""What replicas tell each other outside the gradients: an exact broadcast, a meeting point, a check.

Owns the few collectives that are not part of a step. Every one is called by every replica, in the same order.
Values go through `strategy.run`, so that the same lines are right for several devices in a process.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

__all__ = ["broadcast_arrays", "broadcast_number", "meet", "replicas_agree"]

_CHUNK = 1 << 22
"""Numbers in one all-reduce of a broadcast: 32 MiB of float64."""
_MEETING = 1024
"""A dead peer is noticed at once by collectives of 64 elements or more, else by the heartbeat (6 to 11 s)."""


def meet(strategy: tf.distribute.Strategy) -> None:
    """Returns when every replica has called it."""
    _sum(strategy, tf.ones([_MEETING], tf.float64))


def broadcast_number(strategy: tf.distribute.Strategy, number: int) -> int:
    """The first replica's number, on all; below 2^53 in size."""
    return int(_first(strategy, tf.fill([_MEETING], tf.constant(number, tf.float64)))[0])


def broadcast_arrays(strategy: tf.distribute.Strategy, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The first replica's arrays, on all, bit for bit: -0.0 and NaN keep their bits.

    The bytes travel as whole numbers of 32 bits in float64, which holds them exactly, and all others add 0.

    Args:
        strategy: Of the job.
        arrays: The same shapes and types on every replica.
    """
    payload = b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)
    words = np.frombuffer(payload + bytes(-len(payload) % 4), np.int32)
    received = [
        _first(strategy, tf.constant(words[i : i + _CHUNK].astype(np.float64))).astype(np.int32)
        for i in range(0, len(words), _CHUNK)
    ]
    data, result, offset = b"".join(part.tobytes() for part in received), [], 0
    for array in arrays:
        result.append(np.frombuffer(data, array.dtype, array.size, offset).reshape(array.shape))
        offset += array.nbytes
    return result


def replicas_agree(strategy: tf.distribute.Strategy, arrays: Sequence[np.ndarray]) -> bool:
    """Whether these arrays have the same bytes on all replicas."""
    digest = 0
    for array in arrays:
        digest = zlib.crc32(np.ascontiguousarray(array).tobytes(), digest)
    own = tf.fill([_MEETING], tf.constant(digest, tf.float64))
    return float(_sum(strategy, own)[0]) == digest * strategy.num_replicas_in_sync


def _sum(strategy: tf.distribute.Strategy, value: tf.Tensor) -> np.ndarray:
    return _summed(strategy, value).numpy()


def _first(strategy: tf.distribute.Strategy, value: tf.Tensor) -> np.ndarray:
    return _summed_first(strategy, value).numpy()


@tf.function
def _summed(strategy: tf.distribute.Strategy, value: tf.Tensor) -> tf.Tensor:
    return strategy.reduce("SUM", strategy.run(tf.identity, args=(value,)), axis=None)


@tf.function
def _summed_first(strategy: tf.distribute.Strategy, value: tf.Tensor) -> tf.Tensor:
    def contribute(own: tf.Tensor) -> tf.Tensor:
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        return tf.where(tf.equal(replica, 0), own, tf.zeros_like(own))

    return strategy.reduce("SUM", strategy.run(contribute, args=(value,)), axis=None)
