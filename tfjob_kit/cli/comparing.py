"""`diff`: what a job runs against what composes now."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tfjob_kit.cli import console, engines, options, prepare

if TYPE_CHECKING:
    from tfjob_kit.jobs.difference import Difference

__all__ = ["diff", "render_differences"]

_LONGEST = 50
"""Characters of a value in the table; JSON has the whole."""


def diff(
    name: options.JobName,
    overrides: options.Overrides = None,
    conf_dir: options.ConfDir = None,
    namespace: options.Namespace = None,
    engine: options.Engine = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
    output: options.Output = "text",
) -> None:
    """Compare a job's config with what composes now.

    KEY=VALUE are overrides, as for run. One line per key: key, value in the job, value now. Exit code 0 in
    either case; `-o json` prints a list, which is empty when they are equal.
    """
    from tfjob_kit.config import plain
    from tfjob_kit.jobs import difference, job_config

    cluster, _ = engines.connect(engine, context=context, kubeconfig=kubeconfig, namespace=namespace)
    old = job_config.plain_config(cluster.get(engines.job_ref(cluster, name, namespace)))
    now = prepare.in_namespace(namespace, prepare.compose(overrides or [], conf_dir=conf_dir).config)
    found = difference.find_differences(old, plain.to_plain(now))
    if output == "json":
        console.put_json([{"key": d.key, "job": _plain(d.old), "now": _plain(d.new)} for d in found])
    elif found:
        console.put(render_differences(found, old=name, new="NOW"))
    else:
        console.say(f"no differences: {name} runs what composes now")


def render_differences(found: tuple[Difference, ...], *, old: str, new: str) -> str:
    """The differences as a table: key, old, new."""
    from tfjob_kit.cli import tables

    return tables.table(("KEY", old, new), [(d.key, _text(d.old), _text(d.new)) for d in found])


def _text(value: Any) -> str:
    from tfjob_kit.jobs.difference import ABSENT

    if value is ABSENT:
        return "-"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def _plain(value: Any) -> Any:
    from tfjob_kit.jobs.difference import ABSENT

    return None if value is ABSENT else value
