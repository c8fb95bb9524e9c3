"""Tokens that rotate, plugins that sign in, certificates that are not there."""

from __future__ import annotations

import json
import os
import socket
import stat
from pathlib import Path

import pytest

from tfjob_kit import errors
from tfjob_kit.cluster import kube
from tfjob_kit.cluster.kube.access import credentials, kubeconfig

from .conftest import REF, config_text, make_job


@pytest.fixture
def connect(tmp_path: Path, api, pace):
    """An engine whose user is as given, in YAML."""

    def make(user: str):
        file = tmp_path / "config"
        file.write_text(config_text(api.url, user))
        return kube.connect(kubeconfig=file, environ={}, pace=pace)

    return make


def _plugin(tmp_path: Path, answer: str) -> str:
    """A sign-in plugin that prints a file's content and counts its runs."""
    script = tmp_path / "plugin"
    (tmp_path / "answer").write_text(answer)
    script.write_text(f"#!/bin/sh\necho run >> {tmp_path}/runs\ncat {tmp_path}/answer\n")
    script.chmod(0o755)
    return (
        f'{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: "{script}", args: [get, token]}}}}'
    )


def _credential(**status: str) -> str:
    return json.dumps(
        {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}
    )


def test_a_rotated_token_in_the_kubeconfig_is_read_once_more(api, connect, tmp_path):
    engine = connect("{token: old}")
    api.tokens = {"old"}
    engine.list()
    api.tokens = {"new"}
    (tmp_path / "config").write_text(config_text(api.url, "{token: new}"))
    engine.list()
    sent = [request.authorization for request in api.requests]
    assert ["Bearer old", "Bearer old", "Bearer new"] == sent


def test_credentials_that_stay_refused_are_told_after_one_more_look(api, connect):
    api.tokens = {"other"}
    with pytest.raises(errors.NotAllowed, match="does not accept these credentials") as caught:
        connect("{token: wrong}").get(REF)
    assert 401 == caught.value.status
    assert 2 == len(api.requests)


def test_a_token_file_is_read_for_each_request(api, connect, tmp_path):
    (tmp_path / "token").write_text("one\n")
    engine = connect("{tokenFile: token}")
    engine.list()
    (tmp_path / "token").write_text("two\n")
    engine.list()
    assert ["Bearer one", "Bearer two"] == [request.authorization for request in api.requests]


def test_a_missing_token_file_is_named(connect, tmp_path):
    with pytest.raises(errors.NotAllowed, match="the token cannot be read") as caught:
        connect("{tokenFile: token}").list()
    assert str(tmp_path / "token") == caught.value.where


def test_name_and_password(api, connect):
    connect("{username: jane, password: x}").list()
    assert "Basic amFuZTp4" == api.requests[0].authorization


def test_a_plugin_signs_in_once(api, connect, tmp_path):
    engine = connect(_plugin(tmp_path, _credential(token="from-plugin")))
    engine.list()
    engine.list()
    assert {"Bearer from-plugin"} == {request.authorization for request in api.requests}
    assert 1 == len((tmp_path / "runs").read_text().splitlines())


def test_a_plugins_token_is_renewed_before_it_ends(api, connect, tmp_path):
    engine = connect(_plugin(tmp_path, _credential(token="t", expirationTimestamp="2020-01-01T00:00:00Z")))
    engine.list()
    engine.list()
    assert 2 == len((tmp_path / "runs").read_text().splitlines())


def test_a_refused_plugin_token_is_asked_for_again(api, connect, tmp_path):
    engine = connect(_plugin(tmp_path, _credential(token="old")))
    engine.list()
    api.tokens = {"new"}
    (tmp_path / "answer").write_text(_credential(token="new"))
    engine.list()
    assert "Bearer new" == api.requests[-1].authorization


@pytest.mark.parametrize(
    ("answer", "message"),
    [("no json", "failed"), (_credential(), "gave neither token nor certificate"), ("{}", "failed")],
)
def test_a_plugin_that_gives_nothing(api, connect, tmp_path, answer, message):
    with pytest.raises(errors.NotAllowed, match=f"the sign-in plugin `.*plugin` {message}"):
        connect(_plugin(tmp_path, answer)).list()
    assert [] == api.requests


def test_a_plugin_that_is_not_installed(connect):
    user = "{exec: {apiVersion: v1, command: no-such-plugin, installHint: see the wiki}}"
    with pytest.raises(errors.NotAllowed, match="`no-such-plugin` is not installed") as caught:
        connect(user).list()
    assert "see the wiki" == caught.value.hint


def _context(tmp_path: Path, cluster: str, user: str) -> kubeconfig.Context:
    file = tmp_path / "config"
    file.write_text(
        f"current-context: c\ncontexts: [{{name: c, context: {{cluster: c, user: u}}}}]\n"
        f"clusters: [{{name: c, cluster: {cluster}}}]\nusers: [{{name: u, user: {user}}}]\n"
    )
    return kubeconfig.pick_context(kubeconfig.read_files([file]), None)


@pytest.mark.parametrize(
    ("cluster", "user", "message"),
    [
        ("{server: 'https://x', certificate-authority: ca.crt}", "{}", "names a file that does not exist"),
        ("{server: 'https://x', certificate-authority-data: 'a'}", "{}", "is not base64"),
        (
            "{server: 'https://x'}",
            "{client-certificate: c, client-key: k}",
            "names a file that does not exist",
        ),
        ("{server: 'x:6443'}", "{}", "no server address"),
    ],
)
def test_certificates_that_cannot_be_used(tmp_path, cluster, user, message):
    with pytest.raises(errors.NotConnected, match=message):
        credentials.context_client(_context(tmp_path, cluster, user), {})


def test_acting_as_somebody_else(api, connect):
    connect("{token: t, as: jane}").list()
    assert "jane" == api.requests[0].headers["Impersonate-User"]
    with pytest.raises(errors.NotConnected, match="`as-groups` is not supported"):
        connect("{token: t, as: jane, as-groups: [a]}").list()


def test_inline_keys_are_for_our_eyes_only_and_go_with_the_client(tmp_path):
    context = _context(
        tmp_path, "{server: 'https://x'}", "{client-certificate-data: Yw==, client-key-data: aw==}"
    )
    client = credentials.context_client(context, {})
    key = Path(client.target.key_file or "")
    assert "k" == key.read_text()
    assert 0o600 == stat.S_IMODE(os.stat(key).st_mode)
    del client
    assert not key.exists()


@pytest.mark.parametrize(
    ("cluster", "environ", "proxy", "no_proxy"),
    [
        ("{server: 'https://x'}", {}, None, None),
        ("{server: 'https://x'}", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "y"}, "http://p:1", "y"),
        ("{server: 'https://x'}", {"HTTP_PROXY": "http://p:1"}, None, None),
        ("{server: 'https://x', proxy-url: 'http://q:2'}", {"https_proxy": "http://p:1"}, "http://q:2", None),
    ],
)
def test_proxies_of_the_environment_and_of_the_cluster(tmp_path, cluster, environ, proxy, no_proxy):
    target = credentials.context_client(_context(tmp_path, cluster, "{}"), environ).target
    assert (proxy, no_proxy) == (target.proxy, target.no_proxy)


def test_calls_go_through_a_proxy(api, tmp_path, pace):
    """A plain proxy is asked for the whole address; our server serves what it is asked for."""
    text = config_text("http://api.invalid", "{token: t}").replace(
        'server: "http://api.invalid"', f'server: "http://api.invalid", proxy-url: "{api.url}"'
    )
    (tmp_path / "config").write_text(text)
    engine = kube.connect(kubeconfig=tmp_path / "config", environ={}, pace=pace)
    assert [] == engine.list()
    assert "Bearer t" == api.requests[0].authorization


def test_a_pods_account_whose_certificates_are_none(api, tmp_path, pace):
    folder = tmp_path / "account"
    folder.mkdir()
    (folder / "token").write_text("pod")
    (folder / "ca.crt").write_text("")
    host, port = api.url.removeprefix("http://").split(":")
    environ = {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port, "HOME": str(tmp_path)}
    engine = kube.connect(environ=environ, account_dir=folder, pace=pace)
    with pytest.raises(errors.NotConnected, match="checked against cannot be used"):
        engine.create(make_job())


def test_a_server_that_takes_connections_and_says_nothing(tmp_path, pace, monkeypatch):
    monkeypatch.setattr("tfjob_kit.cluster.kube.calls.api._CONNECT_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        file = tmp_path / "config"
        file.write_text(config_text(f"https://127.0.0.1:{silent.getsockname()[1]}", "{}"))
        with pytest.raises(errors.NotConnected, match="does not answer: no connection in time"):
            kube.connect(kubeconfig=file, environ={}, pace=pace).list()


def test_a_key_that_is_none_is_named(tmp_path, pace):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        file = tmp_path / "config"
        user = "{client-certificate-data: Yw==, client-key-data: aw==}"
        file.write_text(config_text(f"https://127.0.0.1:{silent.getsockname()[1]}", user))
        with pytest.raises(errors.NotAllowed, match="our own certificate or its key cannot be used"):
            kube.connect(kubeconfig=file, environ={}, pace=pace).list()
