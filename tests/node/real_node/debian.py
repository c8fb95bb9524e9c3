"""What a node needs of the machine, and installing it from Debian's own archive."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

CNI = Path("/usr/lib/cni")
PACKAGES = {
    "containerd": "containerd",
    "runc": "runc",
    "iptables": "iptables",
    "conntrack": "conntrack",
    "ip": "iproute2",
    "unshare": "util-linux",
    "openssl": "openssl",
}
"""Program -> its package. The kubelet asks for iptables and conntrack at its start, and never uses them."""
_CNI_PACKAGE = "containernetworking-plugins"
_ADMIN_PATH = "/usr/sbin:/sbin"


class CannotInstall(Exception):
    """apt-get failed; the text is the end of what it said."""


def why_not() -> str | None:
    """Why no node can run on this machine; None: it can, after `install`."""
    if sys.platform != "linux":
        return "a real node needs Linux"
    if os.geteuid() != 0:
        return "a real node needs root: sudo make e2e"
    if missing() and shutil.which("apt-get") is None:
        return f"a real node needs {', '.join(missing())}, and there is no apt-get to install them"
    return None


def missing() -> list[str]:
    """Packages whose programs are not here."""
    absent = [package for program, package in PACKAGES.items() if _find(program) is None]
    return absent + ([] if (CNI / "host-local").exists() else [_CNI_PACKAGE])


def install() -> None:
    """Installs what is missing, and says so.

    Raises:
        CannotInstall: apt-get failed.
    """
    packages = missing()
    if not packages:
        return
    print(f"Installing for the node, with apt-get: {' '.join(packages)}", file=sys.stderr, flush=True)
    _apt_get("update")
    # Debian may start a containerd of its own; the node runs another in its own namespaces.
    _apt_get("install", "--yes", "--no-install-recommends", *packages)


def program_path() -> str:
    """PATH with the folders of the administrator's programs, which a user's may lack."""
    return f"{os.environ.get('PATH', '/usr/bin:/bin')}:{_ADMIN_PATH}"


def _find(program: str) -> str | None:
    return shutil.which(program, path=program_path())


def _apt_get(*arguments: str) -> None:
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        ["apt-get", "--quiet", *arguments], env=environ, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CannotInstall(f"apt-get {arguments[0]} failed\n{(done.stdout + done.stderr)[-2000:]}")
