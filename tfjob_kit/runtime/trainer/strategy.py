"""The distribution strategy: always MultiWorkerMirroredStrategy, also for one replica.

Owns its options and the heartbeat of TensorFlow's coordination service. One code path for any number of
replicas and GPUs: with one replica the same strategy opens no port. The constructor blocks until every peer
is there and hears no signal meanwhile: the agent's barrier stands before it.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfjob_kit.config.schema import Collectives, CommunicationConfig
from tfjob_kit.runtime import task
from tfjob_kit.runtime.trainer import console

__all__ = ["describe_devices", "make_strategy"]

_SHUTDOWN_SECONDS = 10
"""How long TensorFlow waits for peers at its own shutdown; the trainer leaves without it."""


def make_strategy(
    config: CommunicationConfig, *, place: task.Task
) -> tf.distribute.MultiWorkerMirroredStrategy:
    """The strategy; returns when every replica has joined. GPU memory must be settled before."""
    if place.world_size > 1:
        _set_heartbeat(config.heartbeat_timeout, place=place)
    implementation = {
        Collectives.auto: tf.distribute.experimental.CommunicationImplementation.AUTO,
        Collectives.ring: tf.distribute.experimental.CommunicationImplementation.RING,
        Collectives.nccl: tf.distribute.experimental.CommunicationImplementation.NCCL,
    }[config.implementation]
    options = tf.distribute.experimental.CommunicationOptions(
        bytes_per_pack=config.bytes_per_pack, implementation=implementation
    )
    return tf.distribute.MultiWorkerMirroredStrategy(communication_options=options)


def describe_devices(*, replicas: int, gpus_each: int) -> str:
    """`2 replicas, 1 CPU each`, `1 replica, 4 GPUs`."""
    device = "1 CPU" if gpus_each == 0 else f"{gpus_each} GPU" + "s" * (gpus_each > 1)
    return f"1 replica, {device}" if replicas == 1 else f"{replicas} replicas, {device} each"


def _set_heartbeat(seconds: int, *, place: task.Task) -> None:
    """Through a private call (TensorFlow 2.21, eager/context.py); its own 10 s where that is gone."""
    try:
        from tensorflow.compiler.xla.tsl.protobuf import coordination_config_pb2
        from tensorflow.python.eager import context

        roles = [name.rpartition("-")[0] for name in place.peers]
        pb2: Any = coordination_config_pb2
        eager: Any = context.context()
        jobs = [pb2.CoordinatedJob(name=role, num_tasks=roles.count(role)) for role in dict.fromkeys(roles)]
        eager.configure_coordination_service(
            "standalone",
            service_leader=f"/job:{roles[0]}/replica:0/task:0",
            heartbeat_timeout_in_ms=seconds * 1000,
            shutdown_barrier_timeout_in_ms=_SHUTDOWN_SECONDS * 1000,
            coordinated_jobs=jobs,
        )
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        console.say(
            f"notice: heartbeat_timeout={seconds}s is not in effect, TensorFlow uses its own: {error}"
        )
