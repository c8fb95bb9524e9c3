"""Kubeconfig files as kubectl reads them, and the account of a pod."""

from __future__ import annotations

from pathlib import Path

import pytest

from tfjob_kit import errors
from tfjob_kit.cluster import kube
from tfjob_kit.cluster.kube.access import account, kubeconfig

FIRST = """
current-context: prod
contexts:
  - {name: prod, context: {cluster: c1, user: jane, namespace: team}}
clusters:
  - {name: c1, cluster: {server: "https://one"}}
"""
SECOND = """
current-context: staging
contexts:
  - {name: prod, context: {cluster: c2, user: joe}}
  - {name: staging, context: {cluster: c2}}
  - {name: torn, context: {cluster: gone}}
  - {name: nobody, context: {cluster: c1, user: ghost}}
clusters:
  - {name: c2, cluster: {server: "https://two"}}
users:
  - {name: jane, user: {token: t}}
"""


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """An environment whose KUBECONFIG names two files, and one that is not there."""
    (tmp_path / "first").write_text(FIRST)
    (tmp_path / "second").write_text(SECOND)
    return {"KUBECONFIG": f"{tmp_path}/first:{tmp_path}/missing:{tmp_path}/second", "HOME": str(tmp_path)}


def _read(environ: dict[str, str]) -> kubeconfig.Kubeconfig:
    return kubeconfig.read_files(kubeconfig.find_files(None, environ))


def test_the_first_file_that_says_something_wins(files: dict[str, str]) -> None:
    config = _read(files)
    assert "prod" == config.current
    context = kubeconfig.pick_context(config, None)
    assert ("prod", "team", "c1") == (context.name, context.namespace, context.cluster.name)
    assert context.user is not None
    assert {"token": "t"} == context.user.body
    other = kubeconfig.pick_context(config, "staging")
    assert ("c2", None, None) == (other.cluster.name, other.namespace, other.user)


def test_without_kubeconfig_the_home_is_looked_into(tmp_path: Path) -> None:
    assert () == kubeconfig.find_files(None, {"HOME": str(tmp_path)})
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").write_text(FIRST)
    assert "prod" == _read({"HOME": str(tmp_path)}).current


@pytest.mark.parametrize(
    ("context", "message", "hint"),
    [
        ("prd", "there is no kube context `prd`", "contexts: nobody, prod, staging, torn"),
        ("torn", "names the cluster `gone`, which is not there", None),
        ("nobody", "names the user `ghost`, which is not there", None),
    ],
)
def test_a_context_that_leads_nowhere(files, context: str, message: str, hint: str | None) -> None:
    with pytest.raises(errors.NotConnected) as caught:
        kube.connect(context=context, environ=files)
    assert message in caught.value.message
    if hint:
        assert hint in caught.value.hint
        assert "prod" in caught.value.nearest


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "no valid YAML"),
        ("- a", "no mapping"),
        ("contexts: [1]", "an entry of `contexts` is no mapping"),
        ("contexts: [{name: a, context: 3}]", "an entry of `contexts` is no mapping"),
        ("users: 5", "an entry of `users` is no mapping"),
        ("", "no kube context is chosen"),
        (
            "current-context: a\ncontexts: [{name: a, context: {cluster: c}}]\nclusters: [{name: c}]",
            None,
        ),
    ],
)
def test_a_file_that_is_no_kubeconfig(tmp_path: Path, text: str, message: str | None) -> None:
    file = tmp_path / "config"
    file.write_text(text)
    with pytest.raises(errors.NotConnected, match=message or "no server address"):
        kube.connect(kubeconfig=file, environ={}).list()


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(errors.NotConnected, match="it is no text"):
        kube.connect(kubeconfig=file, environ={})
    with pytest.raises(errors.NotConnected, match="is a directory"):
        kube.connect(kubeconfig=tmp_path, environ={})


def test_nothing_configured(tmp_path: Path) -> None:
    with pytest.raises(errors.NotConnected, match="no cluster is configured"):
        kube.connect(environ={"HOME": str(tmp_path)})


def _mount(folder: Path) -> dict[str, str]:
    folder.mkdir()
    (folder / "token").write_text("pod-token\n")
    (folder / "ca.crt").write_text("")
    (folder / "namespace").write_text("ml-team")
    return {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443", "HOME": str(folder)}


def test_in_a_pod_its_account_and_namespace_are_used(tmp_path: Path) -> None:
    environ = _mount(tmp_path / "account")
    found = account.find_account(environ, folder=tmp_path / "account")
    assert found is not None
    assert "https://[fd00::1]:443" == found.server
    engine = kube.connect(environ=environ, account_dir=tmp_path / "account")
    assert "ml-team" == engine.default_namespace
    assert "the service account of this pod, https://[fd00::1]:443, namespace ml-team" == engine.description
    assert (
        "other"
        == kube.connect(
            environ=environ, account_dir=tmp_path / "account", namespace="other"
        ).default_namespace
    )


def test_a_kubeconfig_wins_over_the_pods_account(tmp_path: Path, files: dict[str, str]) -> None:
    environ = {**_mount(tmp_path / "account"), **files}
    engine = kube.connect(environ=environ, account_dir=tmp_path / "account")
    assert "context prod, https://one, namespace team" == engine.description


def test_outside_of_a_pod_there_is_no_account(tmp_path: Path) -> None:
    assert account.find_account({}, folder=tmp_path) is None
    _mount(tmp_path / "account")
    assert account.find_account({}, folder=tmp_path / "account") is None
