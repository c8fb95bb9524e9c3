"""Which engine is meant: flags, environment, kubeconfig, in this order."""

from __future__ import annotations

from pathlib import Path

import pytest

from tfjob_kit import errors
from tfjob_kit.cli import engines

from .conftest import config_text


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A home whose kubeconfig has a current context."""
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").write_text(config_text("https://x", "{}"))
    return {"HOME": str(tmp_path)}


@pytest.mark.parametrize(
    ("flag", "context", "more", "name", "why"),
    [
        (None, None, {}, "kube", "context here of {home}/.kube/config"),
        ("auto", None, {}, "kube", "context here of {home}/.kube/config"),
        ("local", None, {}, "local", "by --engine local"),
        ("kube", None, {}, "kube", "by --engine kube"),
        (None, None, {"TFJOB_KIT_ENGINE": "local"}, "local", "by TFJOB_KIT_ENGINE=local"),
        (None, None, {"TFJOB_KIT_ENGINE": "kube"}, "kube", "by TFJOB_KIT_ENGINE=kube"),
        (None, "other", {"TFJOB_KIT_ENGINE": "local"}, "kube", "by --context"),
        (None, None, {"TFJOB_KIT_CONTEXT": "other"}, "kube", "context other"),
        ("local", None, {"TFJOB_KIT_CONTEXT": "other"}, "local", "by --engine local"),
        (None, None, {"KUBECONFIG": "/no/such/file"}, "local", "no kube context is configured"),
        ("kube", None, {"KUBECONFIG": "/no/such/file"}, "kube", "by --engine kube"),
    ],
)
def test_who_decides(environ, flag, context, more, name, why) -> None:
    choice = engines.choose(flag, {**environ, **more}, context=context)
    assert (name, why.format(home=environ["HOME"])) == (choice.name, choice.why)


def test_flags_win_over_the_environment(environ, tmp_path) -> None:
    file = tmp_path / "another"
    file.write_text(config_text("https://y", "{}"))
    more = {"TFJOB_KIT_CONTEXT": "a", "TFJOB_KIT_KUBECONFIG": "/b"}
    choice = engines.choose(None, {**environ, **more}, context="c", kubeconfig=file)
    assert ("c", file) == (choice.context, choice.kubeconfig)
    choice = engines.choose("kube", {**environ, **more})
    assert ("a", Path("/b")) == (choice.context, choice.kubeconfig)


@pytest.mark.parametrize("given", [{"context": "x"}, {"kubeconfig": Path("/x")}])
def test_the_local_engine_has_no_way_into_a_cluster(environ, given) -> None:
    with pytest.raises(errors.UsageError, match=f"`--{next(iter(given))}` says which cluster"):
        engines.choose("local", environ, **given)
