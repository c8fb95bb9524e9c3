"""The first process of the node's namespaces: mounts, network, then containerd, CoreDNS and the kubelet.

`python -m real_node.inside FOLDER BINARIES`, in fresh mount, pid and network namespaces. On its stdin it is
told the node's owner when the link is there, and anything when the control plane is; the end of its stdin is
its end, and with it that of everything in the namespaces.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from real_node import addresses, settings

_HIDDEN = ("/run", "/var/lib", "/var/log")
"""What containerd, CNI and the kubelet write at fixed places: it is memory of this namespace alone."""
_PATIENCE = 60.0


def main(folder: Path, binaries: Path) -> int:
    """Runs until a program ends (1) or until nobody holds the other end of stdin (0)."""
    os.chdir(folder)
    _mount()
    if not (owner := sys.stdin.readline()):
        return 0
    chosen = addresses.choose(int(owner))
    _network(chosen)
    programs = {_start("containerd", "containerd", "--config", "containerd.toml"): "containerd"}
    _import_images(folder)
    print("images", flush=True)
    if not sys.stdin.readline():
        return 0
    programs[_start("coredns", binaries / "coredns", "-conf", "Corefile")] = "coredns"
    programs[_start("kubelet", *_kubelet(folder, binaries, chosen))] = "kubelet"
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    return _bury(programs)


def _mount() -> None:
    _run("mount", "--make-rshared", "/")
    _run("mount", "-t", "proc", "proc", "/proc")
    for place in _HIDDEN:
        _run("mount", "-t", "tmpfs", "tmpfs", place)
    Path("/run/netns").mkdir()


def _network(chosen: addresses.Addresses) -> None:
    """Loopback, the link's end that the machine has put here, and the bridge that CoreDNS listens on."""
    _run("ip", "link", "set", "lo", "up")
    _address(addresses.NODE_END, f"{chosen.node}/30")
    _run("ip", "link", "add", settings.BRIDGE, "type", "bridge")
    _address(settings.BRIDGE, f"{chosen.bridge}/24")
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1\n")


def _address(device: str, address: str) -> None:
    _run("ip", "addr", "add", address, "dev", device)
    _run("ip", "link", "set", device, "up")


def _import_images(folder: Path) -> None:
    ctr = ["ctr", "--address", str(folder / settings.SOCKET)]
    deadline = time.monotonic() + _PATIENCE
    while subprocess.run([*ctr, "version"], capture_output=True, check=False).returncode:
        if time.monotonic() > deadline:
            raise TimeoutError("containerd does not answer; see containerd.log")
        time.sleep(0.05)
    for archive in sorted(folder.glob("*.tar")):
        _run(*ctr, "--namespace", "k8s.io", "images", "import", str(archive))


def _kubelet(folder: Path, binaries: Path, chosen: addresses.Addresses) -> list[str | Path]:
    return [
        binaries / "kubelet",
        "--config=kubelet.json",
        "--kubeconfig=kubelet.kubeconfig",
        f"--root-dir={folder / 'kubelet'}",
        f"--cert-dir={folder / 'kubelet-pki'}",
        f"--hostname-override={settings.NAME}",
        f"--node-ip={chosen.node}",
        "--v=2",
    ]


def _start(name: str, *argv: str | Path) -> int:
    with open(f"{name}.log", "ab") as log:
        return subprocess.Popen(
            [str(word) for word in argv], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        ).pid


def _bury(programs: dict[int, str]) -> int:
    """Waits for every child, adopted ones too, as the first process of a namespace must."""
    while True:
        pid, status = os.wait()
        if pid in programs:
            print(f"{programs[pid]} ended with {os.waitstatus_to_exitcode(status)}", file=sys.stderr)
            return 1


def _end_with_stdin() -> None:
    sys.stdin.read()
    os._exit(0)


def _run(*argv: str) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(argv)}: {done.stdout}{done.stderr}")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
