"""A control plane and one real node that belongs to it, as a whole."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness import processes
from harness.api import MERGE_PATCH, PlaneApi, wait_until
from harness.certificates import Leaf
from harness.plane import Plane

from real_node import addresses, debian, images, leftovers, objects, settings

_NODE_PATH = f"/api/v1/nodes/{settings.NAME}"
_PACKAGES = Path(__file__).parents[1]


class NodeFailed(Exception):
    """The node did not come up, or came down; the text ends with the last lines of its logs."""


class RealNode:
    """A plane and a node in a folder of their own. Ends with the process that started it, however that ends.

    Attributes:
        plane: Its control plane; there once `start` has run.
        addresses: Where it listens.
    """

    def __init__(self, folder: Path, binaries: Path, *, image: str, gpus: int = 2) -> None:
        """`image`: what the kit's manifests ask for; `gpus`: how many the node claims to have."""
        self.folder, self.binaries, self.image, self.gpus = folder, binaries, image, gpus
        self.plane: Plane | None = None
        self.addresses: addresses.Addresses | None = None
        self._holder: subprocess.Popen[str] | None = None
        self._search = os.pathsep.join([str(_PACKAGES), str(_PACKAGES.parent / "cluster")])

    def start(self) -> RealNode:
        """Starts both and waits until pods with GPUs can run.

        Raises:
            NodeFailed: Something did not come up in time.
        """
        try:
            self._make_namespaces()
            self._start_plane()
            self._join()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> leftovers.Traces | None:
        """Ends both, removes the folder, and gives what is left on the machine: nothing."""
        if self._holder is not None:
            # unshare ignores TERM; its end kills the namespace's first process, and that one all others.
            self._holder.kill()
            self._holder.wait()
            if self._holder.stdin is not None:
                self._holder.stdin.close()
        if self.plane is not None:
            self.plane.stop()
        left = None
        if self.addresses is not None:
            left = self._wait_gone(self.addresses.owner)
        self.plane, self._holder = None, None
        shutil.rmtree(self.folder, ignore_errors=True)
        return left

    @property
    def api(self) -> PlaneApi:
        """The API server, as admin."""
        return self._plane().api

    def req(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        """One API call as admin. Raises Refused."""
        return self._plane().req(method, path, body, content_type)

    def kubectl(self, *arguments: str) -> str:
        """What the built kubectl says. Raises CalledProcessError."""
        argv = [str(self.binaries / "kubectl"), f"--kubeconfig={self._plane().kubeconfig}", *arguments]
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout

    def _plane(self) -> Plane:
        assert self.plane is not None, "the node has not been started"
        return self.plane

    # -- steps -----------------------------------------------------------------------------------------------

    def _make_namespaces(self) -> None:
        leftovers.sweep_cgroups()
        self.folder.mkdir(parents=True, exist_ok=True)
        images.write(images.pause(self.binaries / "pause"), self.folder / "pause.tar")
        images.write(images.runtime(self.image), self.folder / "runtime.tar")
        self._holder = holder = self._hold()
        self.addresses = chosen = addresses.choose(holder.pid)
        settings.write_all(self.folder, chosen, pki=self.folder / "plane" / "pki")
        leftovers.make_cgroups(chosen.cgroup)
        first = self._first_process(holder)
        self._ip("link", "add", chosen.link, "type", "veth", "peer", addresses.NODE_END, "netns", str(first))
        self._ip("addr", "add", f"{chosen.machine}/30", "dev", chosen.link)
        self._ip("link", "set", chosen.link, "up")
        self._tell(str(holder.pid))

    def _hold(self) -> subprocess.Popen[str]:
        unshare = [
            "unshare",
            "--net",
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
            "--propagation",
            "private",
        ]
        inside = [sys.executable, "-m", "real_node.inside", str(self.folder), str(self.binaries)]
        with (self.folder / "inside.log").open("w") as log:
            return subprocess.Popen(
                [*unshare, *inside],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                text=True,
                start_new_session=True,
                env={**os.environ, "PATH": debian.program_path(), "PYTHONPATH": self._search},
            )

    def _first_process(self, holder: subprocess.Popen[str]) -> int:
        children = Path(f"/proc/{holder.pid}/task/{holder.pid}/children")
        text = wait_until(
            children.read_text, lambda words: words.strip() or self._has_ended(), what="namespaces"
        )
        if not text.strip():
            raise self._failure("unshare ended")
        return int(text.split()[0])

    def _start_plane(self) -> None:
        assert self.addresses is not None
        plane = self.plane = Plane(self.folder / "plane", self.binaries, host=self.addresses.machine)
        plane.start(kwok=False)

    def _join(self) -> None:
        assert self.addresses is not None
        made = self._plane().certificates
        names = [f"IP:{self.addresses.node}", f"DNS:{settings.NAME}"]
        user = f"system:node:{settings.NAME}"
        made.make_leaf(Leaf(file="kubelet", user=user, groups=["system:nodes"], names=names))
        made.make_leaf(Leaf(file="coredns", user="coredns"))
        for name in ("kubelet", "coredns"):
            made.write_kubeconfig(self.folder / f"{name}.kubeconfig", file=name, server=self._plane().url)
        objects.install(self.api)
        self._tell("the control plane is there")
        self._wait(lambda: self._node() is not None, what="the node's registration")
        # The kubelet keeps what it does not count itself, and takes it into what can be allocated.
        patch = {"status": {"capacity": {objects.GPU_RESOURCE: str(self.gpus)}}}
        self.req("PATCH", f"{_NODE_PATH}/status", patch, MERGE_PATCH)
        self._wait(self._takes_pods, what="a node that takes pods with GPUs")

    def _node(self) -> dict[str, Any] | None:
        found = self.req("GET", "/api/v1/nodes")["items"]
        return found[0] if found else None

    def _takes_pods(self) -> bool:
        node = self._node()
        if node is None or node["spec"].get("taints"):
            return False
        ready = any(
            c["type"] == "Ready" and c["status"] == "True" for c in node["status"].get("conditions", [])
        )
        return ready and node["status"]["allocatable"].get(objects.GPU_RESOURCE) == str(self.gpus)

    def _wait(self, holds: Callable[[], bool], *, what: str) -> None:
        wait_until(lambda: holds() or self._has_ended(), what=what, seconds=90)
        if self._has_ended():
            raise self._failure(f"the node ended before {what}")

    def _wait_gone(self, owner: int) -> leftovers.Traces:
        """The kernel takes a moment for what the killed processes held."""

        def look() -> leftovers.Traces:
            leftovers.sweep_cgroups()
            return leftovers.find(self.folder, owner)

        empty = leftovers.Traces(processes=(), mounts=(), links=(), cgroups=())
        deadline = time.monotonic() + 20
        while (found := look()) != empty and time.monotonic() < deadline:
            time.sleep(0.05)
        return found

    def _has_ended(self) -> bool:
        return self._holder is None or self._holder.poll() is not None

    def _failure(self, what: str) -> NodeFailed:
        logs = [processes.tail(self.folder / f"{name}.log") for name in ("inside", "containerd", "kubelet")]
        return NodeFailed("\n".join([what, *logs]))

    def _tell(self, line: str) -> None:
        assert self._holder is not None
        assert self._holder.stdin is not None
        self._holder.stdin.write(f"{line}\n")
        self._holder.stdin.flush()

    def _ip(self, *arguments: str) -> None:
        environ = {**os.environ, "PATH": debian.program_path()}
        done = subprocess.run(["ip", *arguments], env=environ, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NodeFailed(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
