"""The official client in parts, in a process of its own: what is imported, and what is left behind."""

from __future__ import annotations

import subprocess
import sys

LEFT_ALONE = """
import sys
from tfjob_kit.cluster.kube.access.client_parts import load_parts
parts = load_parts()
print(sorted(name for name in sys.modules if name.split(".")[0] == "kubernetes"))
api = parts.ApiClient(parts.Configuration())
import kubernetes.client, kubernetes.config
print(kubernetes.client.CoreV1Api().api_client.__class__.__name__)
print(kubernetes.client.V1Pod().to_dict()["kind"])
print(api.__class__.__name__, kubernetes.client.ApiClient is not parts.ApiClient)
"""

ANOTHER_LAYOUT = """
from tfjob_kit.cluster.kube.access import client_parts
client_parts._PACKAGES += (".client.configuration",)
parts = client_parts.load_parts()
import kubernetes.client
print(parts.ApiClient is kubernetes.client.ApiClient)
client_parts.load_parts.cache_clear()
print(client_parts.load_parts().ApiClient is kubernetes.client.ApiClient)
"""


def _run(script: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "" == done.stderr
    return done.stdout.splitlines()


def test_a_later_import_of_the_client_is_whole() -> None:
    assert ["[]", "ApiClient", "None", "ApiClient True"] == _run(LEFT_ALONE)


def test_a_client_of_another_layout_or_imported_already_is_used_as_a_whole() -> None:
    assert ["True", "True"] == _run(ANOTHER_LAYOUT)
