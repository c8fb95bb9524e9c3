"""Fixtures of the scenarios."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.drive import Drive
from harness.plane import Plane
from scenes import Scene

from tfjob_kit.cluster import kube


@pytest.fixture
def scene(fakes: Plane, drive: Drive) -> Iterator[Scene]:
    """One job of this test's namespace."""
    scene = Scene(kube.connect(kubeconfig=fakes.kubeconfig, namespace=drive.namespace, environ={}), drive)
    yield scene
    scene.close()
