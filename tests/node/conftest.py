"""A real node for the whole run, and the command line against it."""

from __future__ import annotations

import os
import re
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness import binaries
from harness.drive import make_namespace
from real_node import debian
from real_node.kit import Kit
from real_node.node import RealNode

from tfjob_kit.config import schema

HOW_TO_RUN = "run `make e2e` as root (needs Go 1.26)"


@pytest.fixture(scope="session")
def new_node() -> Iterator[Callable[[], RealNode]]:
    """Starts nodes; those that still run are stopped at the end. Skips where none can run."""
    pytest.importorskip("tensorflow", reason="needs the [train] extra: pip install 'tfjob-kit[train]'")
    if (reason := debian.why_not()) is not None:
        pytest.skip(reason)
    built = binaries.find(binaries.cache_root(os.environ), "node")
    if built is None or binaries.find(built.parent, "plane") != built:
        pytest.skip(HOW_TO_RUN)
    debian.install()
    started: list[RealNode] = []

    def start() -> RealNode:
        # Sockets have no room for long paths, and pytest's own folders are deep.
        folder = Path(tempfile.mkdtemp(prefix="tfjob-kit-node-"))
        started.append(RealNode(folder, built, image=schema.SiteConfig().image))
        return started[-1].start()

    yield start
    for node in started:
        node.stop()


@pytest.fixture(scope="session")
def node(new_node: Callable[[], RealNode]) -> RealNode:
    """The node of this run."""
    return new_node()


@pytest.fixture(scope="session")
def new_kit(node: RealNode, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Kit]:
    """Makes a command line for a new namespace."""
    root = tmp_path_factory.mktemp("real-node")
    # pytest's folders are closed to other users; replicas see their claims alone.
    (root / "project").mkdir()

    def make(what: str) -> Kit:
        words = re.sub(r"[^a-z0-9]+", "-", what.lower())[:30].strip("-")
        name = f"{words}-{uuid.uuid4().hex[:5]}"
        make_namespace(node.api, name)
        return Kit(node=node, namespace=name, directory=root / "project", storage=root / "claims")

    return make


@pytest.fixture
def kit(node: RealNode, new_kit: Callable[[str], Kit], request: pytest.FixtureRequest) -> Iterator[Kit]:
    """A command line in a namespace of this test's own; its jobs end with the test."""
    made = new_kit(request.node.name.removeprefix("test_"))
    yield made
    jobs = f"/apis/kubeflow.org/v1/namespaces/{made.namespace}/tfjobs"
    for job in node.req("GET", jobs)["items"]:
        node.req("DELETE", f"{jobs}/{job['metadata']['name']}")
    # Replicas that end in peace would hold the GPUs of the next test.
    pods = f"/api/v1/namespaces/{made.namespace}/pods"
    node.req("DELETE", f"{pods}?gracePeriodSeconds=0")
    node.req("DELETE", f"/api/v1/namespaces/{made.namespace}")
