"""One run of one replica, top to bottom: devices, strategy, build, restore, steps, evaluate, export.

Owns the order of the chapters; each chapter is a module of its own. Every replica walks through all of
them, since most hold collectives; what only the chief does is said where it happens.
"""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf

from tfjob_kit import bundled, contract, errors
from tfjob_kit.config import schema
from tfjob_kit.runtime import reports, run_config
from tfjob_kit.runtime import task as tasks
from tfjob_kit.runtime.trainer import (
    boundaries,
    collective,
    console,
    data_source,
    evaluation,
    export,
    failures,
    gpu_check,
    gpu_totals,
    input_pipeline,
    memory,
    model_file,
    start_up_noise,
)
from tfjob_kit.runtime.trainer import state as states
from tfjob_kit.runtime.trainer import strategy as strategies
from tfjob_kit.runtime.trainer.checkpoint import Checkpoints
from tfjob_kit.runtime.trainer.event_files import EventFiles
from tfjob_kit.runtime.trainer.loop import CallResult, TrainingCall
from tfjob_kit.runtime.trainer.progress import Progress
from tfjob_kit.runtime.trainer.report_pipe import ReportPipe
from tfjob_kit.runtime.trainer.stop_flag import StopFlag

__all__ = ["train"]


@dataclass(frozen=True, kw_only=True)
class _Parts:
    """What the steps need, all of it built."""

    config: schema.TrainConfig
    call: TrainingCall
    batches: tf.distribute.DistributedIterator
    evaluate: evaluation.Evaluation
    checkpoints: Checkpoints
    progress: Progress
    pipe: ReportPipe
    stop: StopFlag


def train(config: schema.RunConfig, *, task: tasks.Task, pipe: ReportPipe, attempt: int) -> None:
    """Trains to the last step, evaluates, exports; returns when everything is on disk and reported.

    Raises:
        StopRequested: A replica was asked to stop; all have saved.
        TfjobKitError: Anything that a user can act on.
    """
    pipe.phase = "gpu check"
    gpus = _settle_devices(config)
    pipe.phase = "model file"
    path = model_file.find_model_file(config.model.name, folders=bundled.model_dirs(Path.cwd()))
    pipe.phase = "strategy"
    strategy = strategies.make_strategy(config.communication, place=task)
    stop = StopFlag().listen()
    replicas = strategy.num_replicas_in_sync
    pipe.send(reports.StrategyReady(devices=replicas))
    if task.is_chief:
        console.say(strategies.describe_devices(replicas=task.world_size, gpus_each=gpus))
    _check_batch(config.train.global_batch_size, replicas)

    pipe.phase = "data"
    data = data_source.load_source(config.data, seed=config.train.seed)
    pipe.phase, pipe.model_file = "build", path
    file = model_file.load_model_file(path)
    state = states.build_state(strategy, file=file, config=config)
    loss = file.make_loss(config.model.params)

    pipe.phase = "restore"
    folder = Path(contract.host_path(config.output.dir, run_config.read_mounts(os.environ)))
    checkpoints = Checkpoints(
        strategy,
        state=state,
        config=config,
        folder=folder / "checkpoints",
        is_chief=task.is_chief,
        pipe=pipe,
    )
    first = pipe.step = checkpoints.restore()
    pipe.send(reports.Restored(step=first))
    _tell_start(config, state=state, step=first, is_chief=task.is_chief)

    pipe.phase = "data"
    batch = config.train.global_batch_size
    parts = _Parts(
        config=config.train,
        call=TrainingCall(strategy, state=state, loss=loss, config=config.train),
        batches=iter(
            input_pipeline.training_batches(
                strategy, split=data.train, global_batch=batch, seed=config.train.seed, first_step=first
            )
        ),
        evaluate=evaluation.Evaluation(
            strategy, state=state, loss=loss, split=data.evaluation, global_batch=batch
        ),
        checkpoints=checkpoints,
        progress=Progress(
            config.train,
            replicas=replicas,
            attempt=attempt,
            is_chief=task.is_chief,
            draw=EventFiles(folder).write,
        ),
        pipe=pipe,
        stop=stop,
    )
    last = _steps(parts, first=first)
    metrics = _evaluate(parts, step=last)

    pipe.phase = "export"
    if task.is_chief:
        console.say(f"model: {export.export_model(state.model, folder=folder)}")
    collective.meet(strategy)
    pipe.send(reports.Done(step=last, metrics=metrics))


def _settle_devices(config: schema.RunConfig) -> int:
    """GPU check and memory settings, before anything touches a device; GPUs of this replica."""
    with start_up_noise.held_back():
        gpus = tf.config.list_physical_devices("GPU")
    claimed = gpu_check.claimed_gpus(config, os.environ)
    totals = (
        gpu_totals.read_totals(os.environ) if claimed or gpus else gpu_totals.GpuTotals(mib=(), reason="")
    )
    facts = gpu_check.GpuFacts(
        claimed=claimed,
        seen=len(gpus),
        cuda_build=tf.test.is_built_with_cuda(),
        selection=os.environ.get("CUDA_VISIBLE_DEVICES"),
        totals=totals,
    )
    gpu_check.check_gpus(facts)
    plan = memory.plan_memory(config.gpu_memory, gpus=len(gpus), totals=totals, environ=os.environ)
    memory.apply_memory(plan, gpus=gpus)
    return len(gpus)


def _check_batch(global_batch: int, replicas: int) -> None:
    if global_batch % replicas:
        below = max(1, global_batch // replicas) * replicas
        raise errors.InvalidValue(
            f"train.global_batch_size={global_batch} does not divide by {replicas} replicas",
            where="train.global_batch_size",
            hint=f"train.global_batch_size={below} or {below + replicas}",
        )


def _tell_start(config: schema.RunConfig, *, state: states.TrainingState, step: int, is_chief: bool) -> None:
    if not is_chief:
        return
    begin = f"resumes after step {step}" if step else "starts"
    console.say(
        f"{config.model.name} ({state.model.count_params():,} parameters) on {config.data.name} {begin}; "
        f"{config.train.steps} steps of {config.train.global_batch_size} examples"
    )


def _steps(parts: _Parts, *, first: int) -> int:
    """From the restored step to the last one; returns the last."""
    config, step = parts.config, first
    save_every = boundaries.whole_calls(config.checkpoint.every_steps, inner_steps=config.inner_steps)
    evaluate_every = boundaries.whole_calls(config.evaluate_every_steps, inner_steps=config.inner_steps)
    while step < config.steps:
        parts.pipe.phase = "train"
        steps = boundaries.next_call(step, inner_steps=config.inner_steps, total_steps=config.steps)
        result = parts.call(parts.batches, steps=steps, stop=parts.stop.raised)
        if result.stopping:
            parts.checkpoints.save(step)
            raise failures.StopRequested(step)
        _check_losses(result, before=step, config=config)
        step = parts.pipe.step = step + steps
        if step % save_every == 0 or step == config.steps:
            parts.checkpoints.save(step)
        _tell(parts, step=step, result=result)
        if evaluate_every and step % evaluate_every == 0 and step < config.steps:
            _evaluate(parts, step=step)
    return step


def _check_losses(result: CallResult, *, before: int, config: schema.TrainConfig) -> None:
    finite = [math.isfinite(loss) for loss in result.losses]
    # The loss scale of float16 skips single steps that overflow.
    tolerated = config.precision is schema.Precision.mixed_float16 and any(finite)
    if all(finite) or tolerated:
        return
    step = before + finite.index(False) + 1
    raise failures.NotFinite(
        f"the loss is {float(result.losses[step - before - 1])} at step {step}",
        step=step,
        hint="lower train.optimizer.learning_rate or raise train.schedule.warmup_steps",
    )


def _tell(parts: _Parts, *, step: int, result: CallResult) -> None:
    gauges = parts.progress.tell(
        step=step,
        loss=float(result.losses.mean()),
        checkpoint_step=parts.checkpoints.saved_step,
        now=time.monotonic(),
        last=step == parts.config.steps,
    )
    parts.pipe.send(reports.Stepped(step=step, values=gauges))


def _evaluate(parts: _Parts, *, step: int) -> dict[str, float]:
    parts.pipe.phase = "evaluate"
    metrics = parts.evaluate()
    parts.progress.tell_metrics(step=step, metrics=metrics)
    return metrics
