"""The control plane that a measurement runs on: its own, on loopback, ended with it."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "cluster"))

from harness import binaries
from harness.components import OperatorPace
from harness.nodes import FakeNode
from harness.plane import Plane

__all__ = ["JOBS", "FakeNode", "OperatorPace", "Plane", "manifest", "plane"]

JOBS = "/apis/kubeflow.org/v1/namespaces/default/tfjobs"


@contextmanager
def plane(
    *, nodes: Sequence[FakeNode] = (), pace: OperatorPace | None = None, logs: bool = False
) -> Generator[Plane]:
    """A plane in a temporary folder. Ends the program when the test cluster is not built."""
    programs = binaries.find(binaries.cache_root(os.environ))
    if programs is None:
        sys.exit("the test cluster is not built: `make cluster` first (needs Go 1.26)")
    folder = Path(tempfile.mkdtemp(prefix="tfjob-kit-bench-"))
    started = Plane(folder, programs)
    if pace is not None:
        started.operator_pace = pace
    started.start(kwok=bool(nodes))
    try:
        if logs:
            started.serve_logs()
        if nodes:
            started.add_nodes(nodes)
        yield started
    finally:
        started.stop(remove=True)


def manifest(name: str, *, suspend: bool = False, workers: int = 3) -> dict[str, Any]:
    """The TFJob of `model=resnet50 gpus=N` as `tfjob-kit render` prints it, in namespace default."""
    from tfjob_kit import config, plan
    from tfjob_kit import manifest as manifests

    overrides = ["model=resnet50", f"gpus={workers + 1}", *(["job.suspend=true"] if suspend else [])]
    composed = config.compose(overrides, conf_dir=None, cwd=Path(tempfile.gettempdir()))
    job_plan = plan.make_plan(composed.config, name=name, suffix="", default_namespace="default")
    return manifests.build_tfjob(job_plan)
