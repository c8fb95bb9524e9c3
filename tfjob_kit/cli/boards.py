"""`tensorboard`: the curves of a job."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tfjob_kit import errors
from tfjob_kit.cli import console, engines, options

if TYPE_CHECKING:
    from tfjob_kit.cluster.port import Cluster, JobRef, Object

__all__ = ["tensorboard"]


def tensorboard(
    name: options.JobName,
    namespace: options.Namespace = None,
    engine: options.Engine = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
    local_port: options.LocalPort = None,
) -> int:
    """Show a job's curves in TensorBoard.

    For a job of this machine it runs the `tensorboard` that is installed, until Ctrl-C. In a cluster with
    Kubeflow's it creates a Tensorboard object over the job's claim, which goes when the job goes; in others a
    small pod beside the claim, which this machine reaches until Ctrl-C.
    """
    cluster, _ = engines.connect(engine, context=context, kubeconfig=kubeconfig, namespace=namespace)
    ref = engines.job_ref(cluster, name, namespace)
    job = cluster.get(ref)
    output = cluster.places(ref).get("output")
    if output is not None:
        return _run_here(Path(output), local_port)
    return _open(cluster, ref, job, 6006 if local_port is None else local_port)


def _run_here(output: Path, local_port: int | None) -> int:
    from tfjob_kit.jobs import board

    folder = output / board.FOLDER
    program = shutil.which("tensorboard", path=str(Path(sys.executable).parent)) or shutil.which(
        "tensorboard"
    )
    if program is None:
        raise errors.RefusedError(
            "TensorBoard is not installed here",
            hint="install the kit with what replicas need: `pip install 'tfjob-kit[train]'`",
        )
    if not folder.is_dir():
        raise errors.RefusedError(
            "there are no event files yet: the chief writes the first with its first line of progress",
            where=str(folder),
        )
    # Without a number it takes the next that is free, from its own default on.
    chosen = [] if local_port is None else ["--port", str(local_port)]
    return subprocess.run([program, "--logdir", str(folder), *chosen], check=False).returncode


def _open(cluster: Cluster, ref: JobRef, job: Object, local_port: int) -> int:
    from tfjob_kit.jobs import board
    from tfjob_kit.jobs import output as outputs

    found = outputs.find_output(job, keeps_scratch=cluster.keeps_scratch)
    board.check_reach(cluster, ref, found)
    if board.open_board(cluster, ref, board.make_board(ref, found)):
        console.put(f"tensorboard/{ref.name} created")
        console.say(
            f"open it in Kubeflow under TensorBoards: /tensorboard/{ref.namespace}/{ref.name}/ of its gateway"
        )
        return 0
    console.say(f"starting the pod {ref.name}-tensorboard")
    board.show_board(cluster, job, found, local=local_port, on_open=_opened)
    return 0


def _opened(host: str, local_port: int) -> None:
    console.put(f"http://{host}:{local_port}/")
    console.say("Ctrl-C ends it")
