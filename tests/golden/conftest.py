"""Expected manifests: compared as text, so that a reader of the diff sees what a user would see."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

Check = Callable[[str, str], None]
MANIFESTS = Path(__file__).parent / "manifests"


def read_manifest(file: Path) -> dict[str, Any]:
    """What a client reads out of an expected file."""
    return yaml.load(file.read_text(), Loader=yaml.CSafeLoader)


@pytest.fixture
def check_golden(golden: Callable[[Path, str], None]) -> Check:
    """Compares a text with the manifest of that name."""
    return lambda name, text: golden(MANIFESTS / name, text)


class Sdk:
    """The typed models of kubeflow-training. Importing them reads a kubeconfig: the caller hides it first."""

    def __init__(self) -> None:
        from kubeflow.training import ApiClient

        self._client = ApiClient()

    def read(self, manifest: dict[str, Any]) -> Any:
        """The manifest as `KubeflowOrgV1TFJob`."""
        response = SimpleNamespace(data=json.dumps(manifest))
        return self._client.deserialize(response, "KubeflowOrgV1TFJob")

    def write(self, typed: Any) -> dict[str, Any]:
        """What the client would send."""
        return self._client.sanitize_for_serialization(typed)


@pytest.fixture(scope="session")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sdk]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", str(tmp_path_factory.mktemp("kube") / "none"))
        yield Sdk()
