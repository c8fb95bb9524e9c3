"""TensorBoard of a job: an object of Kubeflow's, owned by the job, or a pod beside its claim.

`tensorboard.kubeflow.org/v1alpha1`, whose controller runs TensorBoard beside the claim (kubeflow,
components/tensorboard-controller). Where there is no such controller, `board_pod` says what runs instead.
"""

from __future__ import annotations

from collections.abc import Callable

from tfjob_kit import errors
from tfjob_kit.cluster import port
from tfjob_kit.jobs.board_pod import PORT, make_board_pod
from tfjob_kit.jobs.output import Output
from tfjob_kit.jobs.replica_view import part

__all__ = ["FOLDER", "check_reach", "make_board", "open_board", "show_board"]

FOLDER = "tensorboard"
"""Folder of the event files below the output."""
_NO_KIND = {403, 404}
"""A caller without the right is refused before it is known whether the cluster has the kind."""


def check_reach(cluster: port.Cluster, ref: port.JobRef, output: Output) -> None:
    """Makes sure that the event files can be read by another pod.

    Raises:
        RefusedError: They are in no claim, where nothing but the job's own pod can read them.
    """
    if output.claim is not None:
        return
    chief = port.PodRef(job=ref, role="chief", index=0).name
    running = any(
        pod["metadata"]["name"] == chief and part(pod, "status").get("phase") == "Running"
        for pod in cluster.pods(ref)
    )
    way_out = (
        f"its chief still runs: `kubectl -n {ref.namespace} cp {chief}:/output/{FOLDER} {FOLDER}`, then "
        f"`tensorboard --logdir {FOLDER}`; a job with `output.claim=NAME` can be shown at any time"
        if running
        else "its chief does not run, and what it wrote ends with it; start the job with `output.claim=NAME`"
    )
    raise errors.RefusedError(
        f"TensorBoard cannot reach the files of {ref.name}: {output.text}", hint=way_out
    )


def make_board(ref: port.JobRef, output: Output) -> port.Object:
    """The Tensorboard object over the job's event files, which are in a claim."""
    path = "/".join(word for word in (output.path, FOLDER) if word)
    return {
        "apiVersion": "tensorboard.kubeflow.org/v1alpha1",
        "kind": "Tensorboard",
        "metadata": {"name": ref.name, "namespace": ref.namespace},
        "spec": {"logspath": f"pvc://{output.claim}/{path}"},
    }


def open_board(cluster: port.Cluster, ref: port.JobRef, board: port.Object) -> bool:
    """Creates it, or leaves it as it is; False where the cluster has no such objects for the caller."""
    try:
        cluster.put_companion(ref, board)
    except errors.JobNotFound:
        raise
    except errors.ClusterError as error:
        if error.status not in _NO_KIND:
            raise
        return False
    return True


def show_board(
    cluster: port.Cluster,
    job: port.Object,
    output: Output,
    *,
    local: int,
    on_open: Callable[[str, int], None],
) -> None:
    """Runs TensorBoard in a pod of the job's and forwards a port of this machine to it, until interrupted.

    Raises:
        RefusedError: The engine has no such pods.
        ClusterError: As port.Forwarder.show_pod.
    """
    if not isinstance(cluster, port.Forwarder):
        raise errors.RefusedError(f"the engine {cluster.name} cannot run TensorBoard beside a job")
    meta = job["metadata"]
    ref = port.JobRef(namespace=meta["namespace"], name=meta["name"])
    pod = make_board_pod(job, output, folder=FOLDER)
    cluster.show_pod(ref, pod, remote=PORT, local=local, on_open=on_open)
