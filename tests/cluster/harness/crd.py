"""The operator's CRD without a cluster: from beside the built programs, else from Go's module proxy."""

from __future__ import annotations

from pathlib import Path

from harness import binaries

_OPERATOR = "github.com/kubeflow/training-operator"
_FILE = "manifests/base/crds/kubeflow.org_tfjobs.yaml"


def find_crd(root: Path) -> Path:
    """The CRD of the operator's version that `go.mod` names.

    Args:
        root: The cache of built programs; needed without Go only.

    Raises:
        CannotBuild: It is not there, and Go is missing, too old, or does not reach the module proxy.
    """
    beside = sorted(root.glob(f"{binaries.sources_key()}-go*/crd.yaml"))
    if beside:
        return beside[0]
    binaries._go_version()
    binaries._go("mod", "download", _OPERATOR)
    return Path(binaries._go("list", "-m", "-f", "{{.Dir}}", _OPERATOR).strip()) / _FILE
