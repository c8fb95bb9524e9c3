"""The command line of every program of a plane: the smallest that works, all on one address."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from pathlib import Path

STAGES = Path(__file__).with_name("stages.yaml")


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Each a free port of this machine when it was chosen."""

    etcd: int
    etcd_peer: int
    api: int
    webhook: int
    probe: int
    metrics: int
    kwok: int
    kueue_webhook: int = 0
    kueue_probe: int = 0
    kueue_visibility: int = 0


@dataclass(frozen=True, kw_only=True)
class Component:
    """A program, its arguments and what it needs in its environment."""

    program: str
    arguments: list[str]
    environ: dict[str, str] = field(default_factory=dict)


def choose_ports() -> Ports:
    """Ports that nobody listens on; all are held until the last is chosen, so that none comes twice."""
    names = list(Ports.__dataclass_fields__)
    sockets = [socket.socket() for _ in names]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return Ports(**{name: one.getsockname()[1] for name, one in zip(names, sockets, strict=True)})
    finally:
        for one in sockets:
            one.close()


def etcd(folder: Path, ports: Ports) -> Component:
    client, peer = f"http://127.0.0.1:{ports.etcd}", f"http://127.0.0.1:{ports.etcd_peer}"
    return Component(
        program="etcd",
        arguments=[
            f"--data-dir={folder / 'etcd'}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--unsafe-no-fsync",
            "--log-level=warn",
        ],
    )


def api_server(host: str, ports: Ports) -> Component:
    # A loopback address is no valid endpoint of the Service `kubernetes`.
    reconciler = ["--endpoint-reconciler-type=none"] if host == "127.0.0.1" else []
    return Component(
        program="kube-apiserver",
        arguments=[
            f"--etcd-servers=http://127.0.0.1:{ports.etcd}",
            f"--bind-address={host}",
            f"--advertise-address={host}",
            f"--secure-port={ports.api}",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--tls-cert-file=pki/apiserver.crt",
            "--tls-private-key-file=pki/apiserver.key",
            "--client-ca-file=pki/ca.crt",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-account-key-file=pki/sa.pub",
            "--service-account-signing-key-file=pki/sa.key",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            # How an aggregated API (Kueue's visibility server) knows the user that the request comes from.
            "--proxy-client-cert-file=pki/aggregator.crt",
            "--proxy-client-key-file=pki/aggregator.key",
            "--requestheader-client-ca-file=pki/ca.crt",
            "--requestheader-allowed-names=aggregator",
            "--requestheader-username-headers=X-Remote-User",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            "--kubelet-client-certificate=pki/kubelet-client.crt",
            "--kubelet-client-key=pki/kubelet-client.key",
            "--kubelet-preferred-address-types=InternalIP",
            "--allow-privileged=true",
            "--profiling=false",
            *reconciler,
        ],
    )


def controller_manager() -> Component:
    return Component(
        program="kube-controller-manager",
        arguments=[
            "--kubeconfig=kcm.kubeconfig",
            "--leader-elect=false",
            "--secure-port=0",
            "--service-account-private-key-file=pki/sa.key",
            "--root-ca-file=pki/ca.crt",
            # Its own user lacks most of the rights that its controllers need.
            "--use-service-account-credentials=true",
            "--kube-api-qps=200",
            "--kube-api-burst=400",
            "--profiling=false",
        ],
    )


def scheduler() -> Component:
    return Component(
        program="kube-scheduler",
        arguments=[
            "--kubeconfig=scheduler.kubeconfig",
            "--leader-elect=false",
            "--secure-port=0",
            "--kube-api-qps=200",
            "--kube-api-burst=400",
            "--profiling=false",
        ],
    )


@dataclass(frozen=True, kw_only=True)
class OperatorPace:
    """How fast the operator may be; its own defaults are 20, 30 and 1.

    Attributes:
        qps: Requests per second to the API server.
        burst: Requests that need not wait for their turn.
        threads: Jobs looked after at the same time.
    """

    qps: int = 200
    burst: int = 400
    threads: int = 4


def operator(folder: Path, ports: Ports, namespace: str, pace: OperatorPace) -> Component:
    """The training-operator. Its webhook server reads its certificate below TMPDIR."""
    return Component(
        program="training-operator",
        arguments=[
            "--enable-scheme=tfjob",
            "--kubeconfig=operator.kubeconfig",
            f"--webhook-server-port={ports.webhook}",
            f"--metrics-bind-address=127.0.0.1:{ports.metrics}",
            f"--health-probe-bind-address=127.0.0.1:{ports.probe}",
            f"--kube-api-qps={pace.qps}",
            f"--kube-api-burst={pace.burst}",
            f"--controller-threads={pace.threads}",
        ],
        environ={"MY_POD_NAMESPACE": namespace, "TMPDIR": str(folder / "operator-tmp")},
    )


def kueue() -> Component:
    """Kueue; what it listens on stands in its configuration, see `kueue_objects`."""
    return Component(
        program="kueue",
        arguments=["--kubeconfig=kueue.kubeconfig", "--config=kueue-config.json", "--zap-log-level=2"],
    )


def kwok(ports: Ports) -> Component:
    return Component(
        program="kwok",
        arguments=[
            "--kubeconfig=kwok.kubeconfig",
            "--manage-all-nodes=false",
            "--manage-nodes-with-label-selector=type=kwok",
            "--node-lease-duration-seconds=40",
            "--cidr=10.200.0.1/16",
            "--node-ip=127.0.0.1",
            "--node-port=0",
            f"--server-address=127.0.0.1:{ports.kwok}",
            # A kwok that is built from its module has no stages of its own, and ends.
            f"--config={STAGES}",
        ],
    )
