"""One control plane: etcd, API server, controller-manager, scheduler, training-operator, kwok, maybe Kueue.

Several planes live side by side on one machine; all that they share is the place where the operator looks
whether a certificate is there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness import components, kueue_objects, nodes, operator_objects, processes
from harness.api import PlaneApi, Refused, exists
from harness.certificates import OPERATOR_NAMESPACE, Certificates, Leaf
from harness.components import Component, Ports
from harness.logs import Fakelet
from harness.nodes import FakeNode

_ORDER = ("kueue", "kwok", "operator", "scheduler", "kcm", "apiserver", "etcd")
_STATE = "state.json"


class PlaneFailed(Exception):
    """A component did not come up; the text ends with the last lines of its log."""


class Plane:
    """A plane in a folder of its own, which holds its certificates, kubeconfigs, logs and data.

    Attributes:
        kubeconfig: Of the cluster's admin.
        logs: The kubelets' part of `pods/log`; there once `serve_logs` has run.
        operator_pace: How the operator is started, next time.
        marks: Step -> seconds since the start began.
    """

    is_ours = True

    def __init__(self, folder: Path, binaries: Path, *, host: str = "127.0.0.1", stays: bool = False) -> None:
        """`host`: where the API server listens; `stays`: the plane outlives the process that starts it."""
        self.folder, self.binaries, self.host, self.stays = folder, binaries, host, stays
        self.kubeconfig = folder / "admin.kubeconfig"
        self.certificates = Certificates(folder / "pki")
        self.operator_pace = components.OperatorPace()
        self.marks: dict[str, float] = {}
        self.pids: dict[str, int] = {}
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._began = time.monotonic()
        self._ports: Ports | None = None
        self._logs: Fakelet | None = None

    @classmethod
    def attach(cls, folder: Path) -> Plane:
        """A plane that another process started."""
        state = json.loads((folder / _STATE).read_text())
        plane = cls(folder, Path(state["binaries"]), host=state["host"], stays=True)
        plane._ports, plane.pids = Ports(**state["ports"]), state["pids"]
        return plane

    @property
    def ports(self) -> Ports:
        assert self._ports is not None, "the plane has not been started"
        return self._ports

    @property
    def url(self) -> str:
        return f"https://{self.host}:{self.ports.api}"

    @property
    def api(self) -> PlaneApi:
        return PlaneApi(self.url, self.certificates.folder)

    @property
    def logs(self) -> Fakelet:
        assert self._logs is not None, "nobody serves the lines of this plane's pods"
        return self._logs

    # -- as a whole ------------------------------------------------------------------------------------------

    def start(
        self, *, operator: bool = True, webhook: bool = True, kwok: bool = True, kueue: bool = False
    ) -> Plane:
        """Starts everything and waits until pods can be made and the operator works; Kueue only if asked to.

        Raises:
            PlaneFailed: A component ended or did not get ready in time.
        """
        self._began, self._ports = time.monotonic(), components.choose_ports()
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self.start_component("etcd")  # needs no certificates: it starts while they are made
            self._make_certificates(kueue)
            self.start_component("apiserver")
            if operator:
                # First: the garbage collector looks for new kinds every 30 s and would keep what a job owned.
                operator_objects.install_crd(self.api, self.binaries)
            if kueue:
                kueue_objects.install_crds(self.api, self.binaries, self.certificates, self.ports)
            self.start_component("kcm")
            self.start_component("scheduler")
            if operator:
                self._install_operator(webhook)
            if kwok:
                self.start_component("kwok")
            self._wait("the default account", lambda: self._has_account("default"), "kcm")
            if operator:
                self._wait("operator", self._operator_ready, "operator")
            if kueue:
                self._start_kueue()
        except BaseException:
            self.stop()
            raise
        self._save()
        return self

    def stop(self, *, remove: bool = False) -> None:
        """Ends every component; `remove`: the folder too."""
        if self._logs is not None:
            self._logs.stop()
            self._logs = None
        for name in _ORDER:
            self.stop_component(name)
        if remove:
            shutil.rmtree(self.folder, ignore_errors=True)

    # -- single components -----------------------------------------------------------------------------------

    def start_component(self, name: str) -> None:
        """Starts etcd, apiserver (and waits until it is ready), kcm, scheduler, operator, kueue or kwok."""
        component = self._component(name)
        child = processes.spawn(
            [self.binaries / component.program, *component.arguments],
            folder=self.folder,
            log=self.folder / f"{name}.log",
            environ=component.environ,
            stays=self.stays,
        )
        self._children[name], self.pids[name] = child, child.pid
        if name == "apiserver":
            self._wait("API server", self._api_ready, name)

    def stop_component(self, name: str) -> None:
        """Kills a component, if it runs."""
        pid, child = self.pids.pop(name, None), self._children.pop(name, None)
        if child is not None:
            child.kill()
            child.wait()
        elif pid is not None:
            processes.kill(pid)

    def restart_component(self, name: str) -> None:
        """Kills it and starts it again, on the same port."""
        self.stop_component(name)
        self.start_component(name)

    def wait_operator(self) -> None:
        """Waits until the operator and its webhook work, after it was started again."""
        self._wait("operator", self._operator_ready, "operator")

    def wait_kueue(self) -> None:
        """Waits until Kueue, its webhooks and its visibility API work."""
        self._wait("Kueue", lambda: _is_ready(self.ports.kueue_probe), "kueue")
        self._wait("the visibility API", self._shows_queues, "kueue")

    # -- what is in it ---------------------------------------------------------------------------------------

    def req(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        """One API call as admin. Raises Refused."""
        return self.api.request(method, path, body, content_type)

    def serve_logs(self) -> Fakelet:
        """Starts the kubelets' log endpoint in this process, for nodes that are added after it."""
        self._logs = Fakelet(self.api, self.certificates.folder)
        self._logs.start()
        return self._logs

    def add_nodes(self, fakes: Sequence[FakeNode]) -> None:
        """Adds fake nodes and waits until pods can run on them."""
        for node in fakes:
            nodes.add_node(self.api, node, log_port=self._logs.port if self._logs else None)
        nodes.wait_ready(self.api, len(fakes))
        self._mark("nodes")

    def user_kubeconfig(self, user: str, *, groups: Sequence[str] = (), namespace: str = "default") -> Path:
        """A kubeconfig of a user without any rights but those that are bound to it by a test."""
        self.certificates.make_leaf(Leaf(file=f"user-{user}", user=user, groups=groups))
        return self.certificates.write_kubeconfig(
            self.folder / f"user-{user}.kubeconfig",
            file=f"user-{user}",
            server=self.url,
            namespace=namespace,
        )

    def memory_mib(self) -> dict[str, int]:
        """Resident memory of each component, MiB."""
        pages = {name: Path(f"/proc/{pid}/statm").read_text().split()[1] for name, pid in self.pids.items()}
        return {name: int(count) * os.sysconf("SC_PAGE_SIZE") // 2**20 for name, count in pages.items()}

    # -- steps -----------------------------------------------------------------------------------------------

    def _component(self, name: str) -> Component:
        make: dict[str, Callable[[], Component]] = {
            "etcd": lambda: components.etcd(self.folder, self.ports),
            "apiserver": lambda: components.api_server(self.host, self.ports),
            "kcm": components.controller_manager,
            "scheduler": components.scheduler,
            "operator": lambda: components.operator(
                self.folder, self.ports, OPERATOR_NAMESPACE, self.operator_pace
            ),
            "kueue": components.kueue,
            "kwok": lambda: components.kwok(self.ports),
        }
        return make[name]()

    def _make_certificates(self, kueue: bool) -> None:
        self.certificates.make_all(self.host)
        if kueue:
            self.certificates.make_kueue()
        for name in ("admin", "kcm", "scheduler", "operator", "kwok", *(["kueue"] if kueue else [])):
            target = self.folder / f"{name}.kubeconfig"
            self.certificates.write_kubeconfig(target, file=name, server=self.url)
        self._mark("certificates")

    def _install_operator(self, webhook: bool) -> None:
        operator_objects.install_account(self.api, self.binaries)
        operator_objects.place_certificates(self.folder, self.certificates)
        if webhook:
            operator_objects.install_webhook(self.api, self.binaries, self.certificates, self.ports.webhook)
        self.start_component("operator")

    def _start_kueue(self) -> None:
        kueue_objects.install(self.api, self.binaries, self.certificates, self.ports)
        kueue_objects.write_config(self.folder, self.certificates, self.ports)
        self.start_component("kueue")
        self.wait_kueue()

    def _shows_queues(self) -> bool:
        return exists(self.api, "/apis/visibility.kueue.x-k8s.io/v1beta2")

    def _api_ready(self) -> bool:
        return self.api.request("GET", "/readyz") == "ok"

    def _has_account(self, namespace: str) -> bool:
        return exists(self.api, f"/api/v1/namespaces/{namespace}/serviceaccounts/default")

    def _operator_ready(self) -> bool:
        return _is_ready(self.ports.probe)

    def _wait(self, what: str, holds: Callable[[], bool], component: str, seconds: float = 90) -> None:
        deadline = time.monotonic() + seconds
        problem: Exception | None = None
        while time.monotonic() < deadline:
            child = self._children.get(component)
            if child is not None and child.poll() is not None:
                raise PlaneFailed(f"{component} ended with {child.returncode}\n{self._tail(component)}")
            try:
                if holds():
                    return self._mark(what)
            except (OSError, Refused, urllib.error.URLError) as error:
                problem = error
            time.sleep(0.03)
        raise PlaneFailed(f"{what} is not ready after {seconds} s: {problem}\n{self._tail(component)}")

    def _tail(self, component: str) -> str:
        return processes.tail(self.folder / f"{component}.log")

    def _mark(self, what: str) -> None:
        self.marks[what] = round(time.monotonic() - self._began, 2)

    def _save(self) -> None:
        state = {
            "binaries": str(self.binaries),
            "host": self.host,
            "ports": asdict(self.ports),
            "pids": self.pids,
        }
        (self.folder / _STATE).write_text(json.dumps(state, indent=1))


def _is_ready(port: int) -> bool:
    """What a controller's probe says."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
            return answer.status == 200
    except urllib.error.HTTPError as error:
        error.close()
        return False
