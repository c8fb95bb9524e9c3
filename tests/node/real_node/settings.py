"""The files that containerd, CNI, the kubelet and CoreDNS read, all in the node's folder."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from real_node import debian, images
from real_node.addresses import Addresses

NAME = "real-0"
BRIDGE = "pods0"
SOCKET = "containerd.sock"
HEALTH_PORT = 10248
"""On the loopback of the node's own namespace."""


def write_all(folder: Path, addresses: Addresses, *, pki: Path) -> None:
    """Every file; `pki` holds the plane's certificates and this node's."""
    (folder / "cni").mkdir(parents=True, exist_ok=True)
    (folder / "containerd.toml").write_text(containerd(folder))
    (folder / "container-spec.json").write_text(json.dumps(container_spec(images.mounted())))
    (folder / "cni" / "10-pods.conflist").write_text(json.dumps(network(folder, addresses)))
    (folder / "kubelet.json").write_text(json.dumps(kubelet(folder, addresses, pki)))
    (folder / "Corefile").write_text(core_file(addresses))


def containerd(folder: Path) -> str:
    """For containerd 1.6 (Debian 12) and 1.7 (Debian 13)."""
    cri = 'plugins."io.containerd.grpc.v1.cri"'
    return f"""version = 2
root = "{folder}/containerd"
state = "{folder}/containerd-state"
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.internal.v1.tracing", "io.containerd.tracing.processor.v1.otlp",
]
[grpc]
  address = "{folder}/{SOCKET}"
[{cri}]
  sandbox_image = "{images.PAUSE}"
  disable_apparmor = true
  disable_hugetlb_controller = true
  # A container of a test machine may not lower its score.
  restrict_oom_score_adj = true
  [{cri}.containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [{cri}.containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      base_runtime_spec = "{folder}/container-spec.json"
      [{cri}.containerd.runtimes.runc.options]
        SystemdCgroup = false
  [{cri}.cni]
    bin_dir = "{debian.CNI}"
    conf_dir = "{folder}/cni"
"""


def container_spec(folders: Sequence[Path]) -> dict[str, Any]:
    """containerd's own start of every container, and the machine's folders in it, read-only."""
    told = subprocess.run(["ctr", "oci", "spec"], capture_output=True, text=True, check=True)
    spec: dict[str, Any] = json.loads(told.stdout)
    spec["mounts"] += [
        {"destination": str(each), "type": "bind", "source": str(each), "options": ["rbind", "ro"]}
        for each in folders
    ]
    return spec


def network(folder: Path, addresses: Addresses) -> dict[str, Any]:
    """CNI: a bridge of this node alone."""
    ranges = [[{"subnet": addresses.pods, "gateway": addresses.bridge}]]
    bridge = {
        "type": "bridge",
        "bridge": BRIDGE,
        "isGateway": True,
        "ipMasq": False,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "dataDir": f"{folder}/addresses",
            "ranges": ranges,
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    return {"cniVersion": "0.4.0", "name": "pods", "plugins": [bridge, {"type": "loopback"}]}


def kubelet(folder: Path, addresses: Addresses, pki: Path) -> dict[str, Any]:
    """KubeletConfiguration; JSON is YAML."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "failCgroupV1": False,
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{addresses.cgroup}",
        "containerRuntimeEndpoint": f"unix://{folder}/{SOCKET}",
        "address": addresses.node,
        "port": 10250,
        "readOnlyPort": 0,
        "healthzBindAddress": "127.0.0.1",
        "healthzPort": HEALTH_PORT,
        "tlsCertFile": f"{pki}/kubelet.crt",
        "tlsPrivateKeyFile": f"{pki}/kubelet.key",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": False},
            "x509": {"clientCAFile": f"{pki}/ca.crt"},
        },
        "authorization": {"mode": "AlwaysAllow"},
        "clusterDomain": "cluster.local",
        "clusterDNS": [addresses.bridge],
        # Pods get no search domains of the machine.
        "resolvConf": "",
        "podLogsDir": f"{folder}/logs",
        "volumePluginDir": f"{folder}/volume-plugins",
        "failSwapOn": False,
        "makeIPTablesUtilChains": False,
        # Two replicas that import TensorFlow on two cores: their limits are counted, and not throttled.
        "cpuCFSQuota": False,
        "nodeStatusUpdateFrequency": "2s",
        "syncFrequency": "10s",
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        "imageGCHighThresholdPercent": 99,
        "imageGCLowThresholdPercent": 98,
    }


def core_file(addresses: Addresses) -> str:
    """CoreDNS: the cluster's own names and nothing else."""
    return f"""cluster.local:53 {{
  bind {addresses.bridge}
  errors
  kubernetes cluster.local {{
    kubeconfig coredns.kubeconfig
    ttl 1
  }}
}}
"""
