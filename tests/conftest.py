"""What every test starts from: an environment without this machine's settings, and a home of its own."""

from __future__ import annotations

import difflib
import itertools
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

# Fixtures of the test cluster, for every folder of tests. Found through `pythonpath` in pyproject.toml.
pytest_plugins = ["harness.fixtures"]

_UNSET = ("KUBECONFIG", "TF_CONFIG", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "PYTHONWARNINGS")
_PREFIX = "TFJOB_KIT_"
_XDG = {"XDG_CONFIG_HOME": ".config", "XDG_STATE_HOME": ".local/state", "XDG_DATA_HOME": ".local/share"}
_COUNT = itertools.count()

# A shell without job control starts its background commands deaf to Ctrl-C, and their children inherit it.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept-golden", action="store_true", help="write what the code makes as expected")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compares a text with a file, or writes the file when told so."""
    accept = request.config.getoption("--accept-golden")

    def check(file: Path, text: str) -> None:
        if accept:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        expected = file.read_text() if file.exists() else ""
        if text != expected:
            lines = difflib.unified_diff(
                expected.splitlines(), text.splitlines(), file.name, "now", lineterm=""
            )
            pytest.fail("\n".join([*lines, "", "If this is meant: `make golden`, and commit the difference"]))

    return check


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds one home per test; its path is short, so that sockets below it have room for theirs."""
    return tmp_path_factory.mktemp("homes")


@pytest.fixture(autouse=True)
def home(homes: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """HOME and the XDG folders of this test. XDG_CACHE_HOME stays: caches hold no settings."""
    for name in [*_UNSET, *(name for name in os.environ if name.startswith(_PREFIX))]:
        monkeypatch.delenv(name, raising=False)
    place = homes / str(next(_COUNT))
    place.mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache")))
    monkeypatch.setenv("HOME", str(place))
    for name, folder in _XDG.items():
        monkeypatch.setenv(name, str(place / folder))
    return place


@pytest.fixture(scope="session")
def tensors() -> Callable[[Path], dict[str, bytes]]:
    """Reads a checkpoint: every tensor's dtype, shape and bytes, by its key."""

    def read(prefix: Path) -> dict[str, bytes]:
        import numpy as np
        import tensorflow as tf

        reader = tf.train.load_checkpoint(str(prefix))
        keys = [k for k in reader.get_variable_to_shape_map() if k != "_CHECKPOINTABLE_OBJECT_GRAPH"]
        values = {key: np.asarray(reader.get_tensor(key)) for key in keys}
        return {key: f"{v.dtype} {v.shape} ".encode() + v.tobytes() for key, v in values.items()}

    return read
