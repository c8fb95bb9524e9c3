"""Fixtures of the test cluster, a pytest plugin for every folder of tests.

`plane` is one cluster for the whole run; each test works in a namespace of its own. With
TFJOB_KIT_TEST_KUBECONFIG the tests run against the cluster that it names; those that need fake nodes skip.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness import binaries
from harness.api import Api, ExistingApi, Refused
from harness.crd import find_crd
from harness.drive import Drive, make_namespace
from harness.nodes import FakeNode
from harness.plane import Plane

KUBECONFIG_VARIABLE = "TFJOB_KIT_TEST_KUBECONFIG"
HOW_TO_RUN = f"run `make cluster` first (needs Go 1.26), or set {KUBECONFIG_VARIABLE}"
NODES = tuple(FakeNode(name=f"gpu-{number}") for number in range(3))


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the environment says before a test's own environment takes its place."""

    kubeconfig: Path | None
    cache: Path


_SETTINGS = pytest.StashKey[Settings]()


def pytest_configure(config: pytest.Config) -> None:
    named = os.environ.get(KUBECONFIG_VARIABLE)
    config.stash[_SETTINGS] = Settings(
        kubeconfig=Path(named).expanduser().resolve() if named else None,
        cache=binaries.cache_root(os.environ),
    )


class ExistingCluster:
    """A cluster that somebody else runs."""

    is_ours = False

    def __init__(self, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig
        self.api: Api = ExistingApi(kubeconfig)

    def req(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        """One API call with the rights of the kubeconfig. Raises Refused."""
        return self.api.request(method, path, body, content_type)


@pytest.fixture(scope="session")
def cluster_binaries(pytestconfig: pytest.Config) -> Path:
    """The folder of the built programs; skips when there is none."""
    found = binaries.find(pytestconfig.stash[_SETTINGS].cache)
    if found is None:
        pytest.skip(HOW_TO_RUN)
    return found


@pytest.fixture(scope="session")
def operator_crd(pytestconfig: pytest.Config) -> Path:
    """The operator's CRD, which needs no cluster; skips where it is not there and Go cannot fetch it."""
    try:
        return find_crd(pytestconfig.stash[_SETTINGS].cache)
    except binaries.CannotBuild as error:
        pytest.skip(f"the operator's CRD comes through Go's module proxy, kept in the cache: {error}")


@pytest.fixture(scope="session")
def start_plane(cluster_binaries: Path) -> Iterator[Callable[..., Plane]]:
    """Starts a plane with fake nodes and their logs, for a test that stops parts of it; ended at the end."""
    started: list[Plane] = []

    def start(*, nodes: tuple[FakeNode, ...] = NODES, **choices: Any) -> Plane:
        # Sockets and processes have long names enough: pytest's own folders are deep.
        plane = Plane(Path(tempfile.mkdtemp(prefix="tfjob-kit-plane-")), cluster_binaries)
        started.append(plane)
        plane.start(**choices)
        plane.serve_logs()
        plane.add_nodes(nodes)
        return plane

    yield start
    for plane in started:
        plane.stop(remove=True)


@pytest.fixture(scope="session")
def plane(pytestconfig: pytest.Config, request: pytest.FixtureRequest) -> Plane | ExistingCluster:
    """The cluster of this run: our own with three nodes of four GPUs, or the one named from outside."""
    if (kubeconfig := pytestconfig.stash[_SETTINGS].kubeconfig) is not None:
        return ExistingCluster(kubeconfig)
    return request.getfixturevalue("start_plane")()


@pytest.fixture(scope="session")
def fakes(plane: Plane | ExistingCluster) -> Plane:
    """The same, for tests that need what only fake nodes do; skips on any other cluster."""
    if not isinstance(plane, Plane):
        pytest.skip(f"needs fake nodes, which the cluster of {KUBECONFIG_VARIABLE} lacks")
    return plane


@pytest.fixture
def ns(plane: Plane | ExistingCluster, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace of this test's own."""
    words = re.sub(r"[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower())
    name = f"{words[:30].strip('-')}-{uuid.uuid4().hex[:5]}"
    make_namespace(plane.api, name)
    yield name
    # The namespace's own end takes seconds, in which its pods would still fill the nodes of the next test.
    for kind in (f"apis/kubeflow.org/v1/namespaces/{name}/tfjobs", f"api/v1/namespaces/{name}/pods"):
        with contextlib.suppress(Refused):
            plane.req("DELETE", f"/{kind}?gracePeriodSeconds=0")
    plane.req("DELETE", f"/api/v1/namespaces/{name}")


@pytest.fixture
def drive(fakes: Plane, ns: str) -> Drive:
    """The strings to the pods of this test's namespace."""
    return Drive(fakes.api, ns, fakes.logs)
