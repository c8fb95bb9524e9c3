"""Expected manifests: compared as text, so that a reader of the diff sees what a user would see."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

_MANIFESTS = Path(__file__).parent / "manifests"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept-golden", action="store_true", help="write what the code makes as expected")


@pytest.fixture
def check_golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares a text with the file of that name."""
    accept = request.config.getoption("--accept-golden", default=False)

    def check(name: str, text: str) -> None:
        file = _MANIFESTS / name
        if accept:
            file.write_text(text)
        expected = file.read_text() if file.exists() else ""
        if text != expected:
            lines = difflib.unified_diff(expected.splitlines(), text.splitlines(), name, "now", lineterm="")
            pytest.fail("\n".join([*lines, "", "If this is meant: `make golden`, and commit the difference"]))

    return check


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
