"""Curves of a job in a cluster without Kubeflow: a real pod, through a real port-forward."""

from __future__ import annotations

import json
import signal
import urllib.request

import pytest
from harness.api import Refused
from real_node.kit import Kit

pytestmark = [pytest.mark.node, pytest.mark.tf]

SIZE = ("resources.cpu=500m", "resources.memory=3Gi", "resources.shared_memory=64Mi")
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def pod_is_there(kit: Kit, name: str) -> bool:
    try:
        kit.node.req("GET", f"/api/v1/namespaces/{kit.namespace}/pods/{name}")
    except Refused as refused:
        if refused.status != 404:
            raise
        return False
    return True


def test_curves_are_read_through_a_pod_that_ends_with_the_command(kit: Kit) -> None:
    kit.submit("curves", "model=digits_cnn", "gpus=1", "train.steps=30", *SIZE)
    kit.succeed("wait", "curves")

    shown = kit.start("tensorboard", "curves", "--port", "0")
    try:
        assert shown.stdout is not None
        address = shown.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:"), address + shown.communicate()[1]

        def tags() -> dict[str, object]:
            with OPENER.open(f"{address}data/plugin/scalars/tags", timeout=60) as answer:
                return json.loads(answer.read())

        found = kit.until(tags, what="the curves")
        assert any("loss" in tag for run in found.values() for tag in run), found
        with OPENER.open(address, timeout=60) as page:
            assert len(page.read()) > 100_000
        assert pod_is_there(kit, "curves-tensorboard")
        assert ["chief-0"] == [pod["name"] for pod in kit.status("curves")["replicas"]]
        shown.send_signal(signal.SIGINT)
        assert shown.wait(60) == 130
    finally:
        shown.kill()
        shown.communicate()
    kit.until(lambda: not pod_is_there(kit, "curves-tensorboard"), what="the end of the pod")
