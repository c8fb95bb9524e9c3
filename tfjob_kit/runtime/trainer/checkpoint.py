"""Saving and restoring the training state, exactly.

Owns what goes into a checkpoint (model, optimizer, step) and how all replicas come to the same state: the
chief alone reads and writes files, since a pod's output folder may be its own, and everybody else receives
the bytes. Every replica calls `restore` and `save`, in the same order.
"""

from __future__ import annotations

import time
from pathlib import Path

import tensorflow as tf

from tfjob_kit import errors
from tfjob_kit.config import schema
from tfjob_kit.runtime import reports
from tfjob_kit.runtime.trainer import checkpoint_files, collective, console, course, failures
from tfjob_kit.runtime.trainer.report_pipe import ReportPipe
from tfjob_kit.runtime.trainer.state import TrainingState

__all__ = ["Checkpoints"]

_DAMAGED = (tf.errors.DataLossError, tf.errors.OutOfRangeError)
_CHANGED = (AssertionError, ValueError, KeyError, tf.errors.NotFoundError, tf.errors.InvalidArgumentError)
_START_OVER = "take the old value back, or start a run of its own under another name (or another output.dir)"


class Checkpoints:
    """The run's checkpoints, as seen from one replica.

    Attributes:
        saved_step: Step of the last checkpoint that this process knows of; 0 before any.
    """

    def __init__(
        self,
        strategy: tf.distribute.Strategy,
        *,
        state: TrainingState,
        config: schema.RunConfig,
        folder: Path,
        is_chief: bool,
        pipe: ReportPipe,
    ) -> None:
        self._strategy, self._state, self._config = strategy, state, config
        self._folder, self._is_chief, self._pipe = folder, is_chief, pipe
        self._files = checkpoint_files.CheckpointFiles(folder, keep=config.train.checkpoint.keep)
        self._tracked = tf.train.Checkpoint(model=state.model, optimizer=state.optimizer, step=state.step)
        self.saved_step = 0

    def restore(self) -> int:
        """Brings all replicas to the newest whole checkpoint; returns its step, 0 when there is none.

        Raises:
            ConfigError: The checkpoint is of another course or model, none is whole, or the folder cannot be
                written.
        """
        step = self._read_newest() if self._is_chief else 0
        step = collective.broadcast_number(self._strategy, step)
        if step > 0:
            self._share()
        self.saved_step = step
        return step

    def save(self, step: int) -> None:
        """The chief writes; all return when it is on disk. Does nothing for a step that is saved already."""
        if step == self.saved_step:
            return
        begun = time.monotonic()
        self._pipe.phase = "save"
        if self._is_chief:
            self._files.add(step, write=self._tracked.write, course=course.describe_course(self._config))
        collective.meet(self._strategy)
        self.saved_step = step
        self._pipe.send(reports.Saved(step=step, seconds=round(time.monotonic() - begun, 4)))

    def _share(self) -> None:
        self._state.assign(collective.broadcast_arrays(self._strategy, self._state.arrays()))
        if not collective.replicas_agree(self._strategy, self._state.arrays()):
            raise RuntimeError("replicas hold different weights after the broadcast of the checkpoint")

    def _read_newest(self) -> int:
        self._prepare()
        found = self._files.newest_first()
        damaged: list[str] = []
        for saved in found:
            damage = saved.damage or self._read(saved)
            if damage is None:
                return saved.step
            damaged.append(f"ckpt-{saved.step}: {damage}")
            console.say(f"notice: checkpoint of step {saved.step} is damaged and left out: {damage}")
        if damaged:
            raise errors.ConfigError(
                f"no checkpoint in {self._folder} is whole: {'; '.join(damaged)}",
                where=str(self._folder),
                hint="remove the folder to train from the beginning, or bring a whole checkpoint back",
            )
        return 0

    def _prepare(self) -> None:
        try:
            self._files.prepare()
        except OSError as error:
            raise errors.InvalidValue(
                f"checkpoints cannot be written to {self._folder}: {error.strerror}",
                where="output.dir",
                hint="choose another output.dir, or give the pod's user the right to write there",
            ) from error

    def _read(self, saved: checkpoint_files.Saved) -> str | None:
        """Restores into the state; the damage when its bytes are not what they were."""
        self._compare(saved)
        try:
            status = self._tracked.read(str(saved.prefix))
            status.assert_existing_objects_matched()
            status.assert_consumed()
        except _DAMAGED as error:
            return str(error).splitlines()[0]
        except _CHANGED as error:
            changed = "; ".join(course.compare(saved.course, self._config).told)
            raise failures.CheckpointMismatch(
                f"checkpoint of step {saved.step} does not fit the model and optimizer of this config"
                f"{f' ({changed})' if changed else ''}: {' '.join(str(error).split())[:300]}",
                where=str(saved.prefix),
                hint=_START_OVER,
            ) from error
        return None

    def _compare(self, saved: checkpoint_files.Saved) -> None:
        differences = course.compare(saved.course, self._config)
        if differences.refused:
            raise failures.CheckpointMismatch(
                f"checkpoint of step {saved.step} was made with other values: "
                f"{'; '.join(differences.refused)}",
                where=str(saved.prefix),
                hint=_START_OVER,
            )
        for change in differences.told:
            console.say(f"notice: resuming from step {saved.step} with a changed value, {change}")
