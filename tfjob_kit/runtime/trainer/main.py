"""The way into the trainer, and its only way out.

Owns reading config and task, the mapping of every exception to a report and an exit code, and leaving.
Imports TensorFlow inside the function that trains, so that a bad config or a missing package is reported
like any other failure.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import traceback
from typing import NoReturn

from tfjob_kit import contract, errors
from tfjob_kit.runtime import run_config, task, tf_environment
from tfjob_kit.runtime.trainer import console, failures, report_pipe, start_up_noise

__all__ = ["run"]


def run(report_fd: int, attempt: int) -> NoReturn:
    """Trains this replica's part of the run, then ends the process with a `contract.ReplicaExit`.

    Leaves by `os._exit` after flushing: the interpreter's and TensorFlow's teardown would wait up to 10 s
    for a lost peer.

    Args:
        report_fd: Write end of the pipe to the agent.
        attempt: Trainer restarts before this one.
    """
    pipe = report_pipe.ReportPipe(report_fd)
    _forget_the_zygote()
    try:
        _train(pipe, attempt)
        code = contract.ReplicaExit.DONE
    except failures.StopRequested as stop:
        console.say(str(stop))
        code = contract.ReplicaExit.RETRY
    except BaseException as error:
        code = _report(error, pipe)
    _leave(code)


def _train(pipe: report_pipe.ReportPipe, attempt: int) -> None:
    config = run_config.read_run_config(os.environ)
    place = task.read_task(os.environ)
    if place.role == "evaluator":
        raise errors.ConfigError(
            "TF_CONFIG makes this replica an evaluator, which the runtime has no work for",
            where=contract.TF_CONFIG_ENV,
            hint="evaluation runs on all training replicas; remove the Evaluator from the TFJob",
        )
    for name, value in tf_environment.tensorflow_environment(config).items():
        os.environ.setdefault(name, value)
    pipe.phase = "import"
    with start_up_noise.held_back():
        from tfjob_kit.runtime.trainer import training

    training.train(config, task=place, pipe=pipe, attempt=attempt)


def _forget_the_zygote() -> None:
    """After a fork: default signals, and a collector that leaves the shared objects' pages alone."""
    gc.freeze()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _report(error: BaseException, pipe: report_pipe.ReportPipe) -> contract.ReplicaExit:
    failed = failures.explain(error, phase=pipe.phase, model_file=pipe.model_file, step=pipe.step)
    if not isinstance(error, errors.TfjobKitError):
        traceback.print_exception(error)
    console.complain(f"error: {failed.error}\n   at: {failed.where}")
    if failed.hint:
        console.complain(f" hint: {failed.hint}")
    pipe.send(failed)
    return contract.ReplicaExit(failed.exit_code)


def _leave(code: contract.ReplicaExit) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(int(code))
