"""TensorBoard of a job: an object of Kubeflow's, owned by the job.

`tensorboard.kubeflow.org/v1alpha1`, whose controller runs TensorBoard beside the claim (kubeflow,
components/tensorboard-controller).
"""

from __future__ import annotations

from tfjob_kit import errors
from tfjob_kit.cluster import port
from tfjob_kit.jobs.output import Output

__all__ = ["FOLDER", "make_board", "open_board"]

FOLDER = "tensorboard"
"""Folder of the event files below the output."""
_NOT_FOUND = 404


def make_board(ref: port.JobRef, output: Output) -> port.Object:
    """The Tensorboard object over the job's event files.

    Raises:
        RefusedError: They are in no claim, where nothing but the job's own pod can read them.
    """
    if output.claim is None:
        raise errors.RefusedError(
            f"TensorBoard cannot reach the files of {ref.name}: {output.text}",
            hint=f"start it with `output.claim=NAME`; {_by_hand(ref)}",
        )
    path = "/".join(part for part in (output.path, FOLDER) if part)
    return {
        "apiVersion": "tensorboard.kubeflow.org/v1alpha1",
        "kind": "Tensorboard",
        "metadata": {"name": ref.name, "namespace": ref.namespace},
        "spec": {"logspath": f"pvc://{output.claim}/{path}"},
    }


def open_board(cluster: port.Cluster, ref: port.JobRef, board: port.Object) -> None:
    """Creates it, or leaves it as it is.

    Raises:
        RefusedError: The cluster has no such objects.
    """
    try:
        cluster.put_companion(ref, board)
    except errors.JobNotFound:
        raise
    except errors.ClusterError as error:
        if error.status != _NOT_FOUND:
            raise
        raise errors.RefusedError(
            "this cluster has no tensorboards.tensorboard.kubeflow.org, which Kubeflow installs",
            hint=_by_hand(ref),
        ) from error


def _by_hand(ref: port.JobRef) -> str:
    return (
        f"while its chief runs: `kubectl -n {ref.namespace} cp {ref.name}-chief-0:/output/{FOLDER} "
        f"{FOLDER}`, then `tensorboard --logdir {FOLDER}`"
    )
