"""What the API server says when it refuses the operator a pod.

Such a job has no conditions at all: only the events FailedCreatePod tell (training-operator v1.9.4). Texts of
kube-apiserver 1.36: plugins of admission (resourcequota, limitranger, podsecurity, serviceaccount, priority).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from tfjob_kit.jobs.waits.wait import Reason

__all__ = ["reason_of_refusal"]

_PREFIX = re.compile(
    r'^(?:Error creating: )?(?:[Pp]ods? "[^"]*" is (?:forbidden|invalid): )?(?P<why>.*)$', re.DOTALL
)
_QUOTA = re.compile(
    r"exceeded quota: (?P<name>[^,]*), requested: (?P<asked>.*), used: (?P<used>.*), limited: (?P<limit>.*)"
)
_QUOTA_WANTS = re.compile(r"failed quota: (?P<name>[^:]*): must specify (?P<what>.*)")
_POD_SECURITY = re.compile(r'violates PodSecurity "(?P<level>[^":]*)[^"]*": (?P<what>.*)', re.DOTALL)
_LIMIT = re.compile(r"(?:maximum|minimum) \S+ usage per (?:Container|Pod) is .*|.*limit to request ratio.*")
_ACCOUNT = re.compile(r"error looking up service account (?P<namespace>[^/]*)/(?P<name>[^:]*):")
_PRIORITY = re.compile(r"no PriorityClass with name (?P<name>\S+) was found")
_WEBHOOK = re.compile(r'admission webhook "(?P<name>[^"]*)" denied the request:? ?(?P<why>.*)', re.DOTALL)
_PARENTHESES = re.compile(r" \([^()]*\)")
_LONGEST = 300


def reason_of_refusal(message: str) -> Reason:
    """The message of an event FailedCreatePod in plain words."""
    found = _PREFIX.match(message.strip())
    why = found["why"] if found else message
    for pattern, explain in _EXPLAINED:
        if (match := pattern.search(why)) is not None:
            return explain(match)
    return _reason(f"the API server refuses its pods: {_short(why)}")


def _quota(found: re.Match[str]) -> Reason:
    asked, used, limit = (_amounts(found[name]) for name in ("asked", "used", "limit"))
    parts = [
        f"{limit.get(what, '?')} {_resource(what)}, of which {used.get(what, '?')} used: {amount} more asked"
        for what, amount in asked.items()
    ]
    return _reason(
        f"the quota {found['name']} allows {'; '.join(parts)}",
        fix=f"wait for others to end, or ask for less: `kubectl describe resourcequota {found['name']}`",
    )


def _quota_wants(found: re.Match[str]) -> Reason:
    what = sorted(dict.fromkeys(re.findall(r"(?:requests|limits)\.[\w./-]+", found["what"])))
    return _reason(
        f"the quota {found['name']} wants {' and '.join(what) or found['what']} given",
        fix="give `resources.cpu` and `resources.memory`",
    )


def _pod_security(found: re.Match[str]) -> Reason:
    what = _short(_PARENTHESES.sub("", found["what"]))
    return _reason(
        f"the namespace takes pods of the security level {found['level']} alone: {what}",
        fix="set what is named in `overlay`, or use a namespace of another level",
    )


def _limit(found: re.Match[str]) -> Reason:
    text = f"a LimitRange of the namespace forbids it: {_short(found[0])}"
    return _reason(text, fix="change `resources`: `kubectl describe limitrange`")


def _account(found: re.Match[str]) -> Reason:
    fix = "create it, or name another in `placement.service_account`"
    return _reason(f"the ServiceAccount {found['name']} does not exist", fix=fix)


def _priority(found: re.Match[str]) -> Reason:
    fix = "name another in `job.priority_class`: `kubectl get priorityclasses`"
    return _reason(f"the PriorityClass {found['name']} does not exist", fix=fix)


def _webhook(found: re.Match[str]) -> Reason:
    return _reason(f"the webhook {found['name']} refuses its pods: {_short(found['why'])}")


_EXPLAINED: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Reason]], ...] = (
    (_WEBHOOK, _webhook),
    (_QUOTA, _quota),
    (_QUOTA_WANTS, _quota_wants),
    (_POD_SECURITY, _pod_security),
    (_ACCOUNT, _account),
    (_PRIORITY, _priority),
    (_LIMIT, _limit),
)


def _reason(why: str, *, fix: str | None = None) -> Reason:
    return Reason(kind="refused", why=why, fix=fix)


def _amounts(text: str) -> dict[str, str]:
    """`requests.nvidia.com/gpu=1,pods=3` by resource."""
    return dict(part.split("=", 1) for part in text.split(",") if "=" in part)


def _resource(name: str) -> str:
    return name.removeprefix("requests.") if "/" in name else name


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST].rstrip()} ..."
