"""Merging into pod templates: the rules, what they keep, and the way back from a field to its key."""

from __future__ import annotations

import contextlib
import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfjob_kit import errors, manifest, plan
from tfjob_kit.config import schema
from tfjob_kit.config.grammar.keys import parse_path
from tfjob_kit.manifest.overlay import apply_overlays, bare
from tfjob_kit.manifest.overlay_limits import overlay_template

BASE = {
    "metadata": {"labels": {"app": "x"}},
    "spec": {
        "containers": [
            {
                "name": "tensorflow",
                "image": "one",
                "command": ["python", "a.py"],
                "env": [{"name": "A", "value": "1"}, {"name": "TFJOB_KIT_GPUS", "value": "1"}],
                "ports": [{"name": "tfjob-port", "containerPort": 2222}],
                "volumeMounts": [{"name": "shm", "mountPath": "/dev/shm"}],
            }
        ],
        "volumes": [{"name": "shm", "emptyDir": {"medium": "Memory"}}],
        "tolerations": [{"key": "a", "operator": "Exists"}],
        "nodeSelector": {"pool": "a"},
    },
}
REPLACE = {"$replace": True}


def _merged(fields, *more, base=BASE):
    overlays = [plan.Overlay(key="overlay.all", fields=f) for f in (fields, *more)]
    return overlay_template(copy.deepcopy(base), overlays)


def _with(changes, base=BASE):
    """The base with other values at these paths."""
    expected = copy.deepcopy(base)
    for path, value in changes.items():
        *steps, last = path
        place = expected
        for step in steps:
            place = place[step]
        if value is None:
            place.pop(last)
        elif isinstance(place, list) and last == len(place):
            place.append(value)
        else:
            place[last] = value
    return expected


TF = ("spec", "containers", 0)


def _tf(**fields):
    return {"spec": {"containers": [{"name": "tensorflow", **fields}]}}


@pytest.mark.parametrize(
    ("fields", "changes"),
    [
        ({"spec": {"nodeSelector": {"zone": "b"}}}, {("spec", "nodeSelector", "zone"): "b"}),
        ({"spec": {"nodeSelector": {"pool": "b"}}}, {("spec", "nodeSelector", "pool"): "b"}),
        ({"spec": {"nodeSelector": None}}, {("spec", "nodeSelector"): None}),
        ({"spec": {"nodeSelector": {"gone": None}}}, {}),
        ({"spec": {"nodeSelector": {**REPLACE, "zone": "b"}}}, {("spec", "nodeSelector"): {"zone": "b"}}),
        ({"spec": {"dnsConfig": {**REPLACE, "x": None}}}, {("spec", "dnsConfig"): {}}),
        ({"spec": {"hostname": "h"}}, {("spec", "hostname"): "h"}),
        ({"metadata": {"labels": {"team": "v"}}}, {("metadata", "labels", "team"): "v"}),
        (_tf(image="two"), {(*TF, "image"): "two"}),
        (_tf(command=["sh"]), {(*TF, "command"): ["sh"]}),
        (_tf(env=[{"name": "B", "value": "2"}]), {(*TF, "env", 2): {"name": "B", "value": "2"}}),
        (_tf(env=[{"name": "A", "value": "2"}]), {(*TF, "env", 0, "value"): "2"}),
        (
            _tf(env=[{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}]),
            {(*TF, "env", 0): {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}},
        ),
        (
            _tf(env=[{"name": "A", "$delete": True}]),
            {(*TF, "env"): [{"name": "TFJOB_KIT_GPUS", "value": "1"}]},
        ),
        (
            _tf(ports=[{"name": "tfjob-port", "containerPort": 3333}]),
            {(*TF, "ports", 0, "containerPort"): 3333},
        ),
        (
            _tf(volumeMounts=[{"name": "shm", "mountPath": "/shm"}]),
            {(*TF, "volumeMounts", 1): {"name": "shm", "mountPath": "/shm"}},
        ),
        (
            _tf(volumeMounts=[{"name": "shm", "mountPath": "/dev/shm", "readOnly": True}]),
            {(*TF, "volumeMounts", 0, "readOnly"): True},
        ),
        (
            {"spec": {"volumes": [{"name": "shm", "emptyDir": {"sizeLimit": "1Gi"}}]}},
            {("spec", "volumes", 0, "emptyDir", "sizeLimit"): "1Gi"},
        ),
        (
            {"spec": {"volumes": [{"name": "shm", "hostPath": {"path": "/dev/shm"}}]}},
            {("spec", "volumes", 0): {"name": "shm", "hostPath": {"path": "/dev/shm"}}},
        ),
        (
            {"spec": {"volumes": [{"name": "shm", "$replace": True, "emptyDir": {}}]}},
            {("spec", "volumes", 0): {"name": "shm", "emptyDir": {}}},
        ),
        (
            {"spec": {"volumes": [REPLACE, {"name": "x", "emptyDir": {}}]}},
            {("spec", "volumes"): [{"name": "x", "emptyDir": {}}]},
        ),
        ({"spec": {"tolerations": [{"key": "b"}]}}, {("spec", "tolerations"): [{"key": "b"}]}),
        ({"spec": {"tolerations": [REPLACE, {"key": "b"}]}}, {("spec", "tolerations"): [{"key": "b"}]}),
        (
            {"spec": {"initContainers": [{"name": "get", "image": "i"}]}},
            {("spec", "initContainers"): [{"name": "get", "image": "i"}]},
        ),
        (
            {"spec": {"containers": [{"name": "log", "image": "i"}]}},
            {("spec", "containers", 1): {"name": "log", "image": "i"}},
        ),
    ],
)
def test_what_an_overlay_makes_of_a_template(fields, changes):
    assert _with(changes) == _merged(fields)


def test_a_template_as_its_own_overlay_changes_nothing():
    assert BASE == _merged(copy.deepcopy(BASE))
    assert BASE == _merged({})


def test_what_goes_in_is_not_changed():
    base = copy.deepcopy(BASE)
    fields = _tf(env=[{"name": "B", "value": "2"}])
    made = _merged(fields, base=base)
    made["spec"]["containers"][0]["env"].append("x")
    assert BASE == base
    assert _tf(env=[{"name": "B", "value": "2"}]) == fields


_SCALARS = st.sampled_from(["a", "b", "c"]) | st.integers(0, 3) | st.booleans() | st.none()
_KEYS = st.sampled_from(["x", "y", "z"])
_DICTS = st.dictionaries(_KEYS, _SCALARS, max_size=3)
_NAMED = st.lists(
    st.builds(
        lambda name, rest, directive: {"name": name, **rest, **directive},
        st.sampled_from(["one", "two", "three"]),
        st.dictionaries(_KEYS, st.sampled_from(["a", "b"]), max_size=2),
        st.sampled_from([{}, {}, {}, REPLACE, {"$delete": True}]),
    ),
    max_size=3,
    unique_by=lambda item: item["name"],
)
_SPECS = st.fixed_dictionaries(
    {},
    optional={
        "nodeSelector": _DICTS | st.builds(lambda d: {**REPLACE, **d}, _DICTS) | st.none(),
        "volumes": _NAMED | st.builds(lambda items: [REPLACE, *items], _NAMED),
        "initContainers": _NAMED,
        "tolerations": st.lists(st.dictionaries(_KEYS, st.sampled_from(["a", "b"])), max_size=2),
        "hostname": st.sampled_from(["h1", "h2"]),
    },
)


def _apply(base, *specs):
    return apply_overlays(base, [plan.Overlay(key="overlay.all", fields={"spec": spec}) for spec in specs])


@given(_SPECS)
def test_a_second_time_changes_nothing(spec):
    once = _apply(BASE, spec)
    assert once == _apply(once, spec)


@given(_SPECS, _SPECS)
def test_overlays_apply_one_after_the_other(first, second):
    assert _apply(_apply(BASE, first), second) == _apply(BASE, first, second)


@given(_SPECS)
def test_no_directive_and_no_null_is_left(spec):
    def walk(value):
        if isinstance(value, dict):
            assert all(key[0] != "$" for key in value)
            assert None not in value.values()
            [walk(below) for below in value.values()]
        if isinstance(value, list):
            [walk(item) for item in value]

    walk(_apply(BASE, spec))


@pytest.mark.parametrize(
    ("fields", "where", "words"),
    [
        ({"nodeSelector": {"a": "b"}}, "overlay.all.nodeSelector", "has `metadata` and `spec`"),
        ({"spec": []}, "overlay.all.spec", "is a dict, not a list"),
        ({"metadata": None}, "overlay.all.metadata", "cannot be removed"),
        ({"metadata": {"labels": "a"}}, "overlay.all.metadata.labels", "is a dict, not a single value"),
        ({"spec": {"containers": {"name": "a"}}}, "overlay.all.spec.containers", "is a list, not a dict"),
        ({"spec": {"initContainers": "a"}}, "overlay.all.spec.initContainers", "is a list, not a single"),
        (_tf(image=["a"]), "overlay.all.spec.containers[0].image", "is a single value, not a list"),
        (_tf(command="a"), "overlay.all.spec.containers[0].command", "is a list, not a single value"),
        (_tf(env={"A": "1"}), "overlay.all.spec.containers[0].env", "is a list, not a dict"),
        ({"$replace": True, "spec": {}}, "overlay.all.$replace", "cannot be replaced whole"),
        ({"spec": {"restartPolicy": "Never"}}, "overlay.all.spec.restartPolicy", "overwrites"),
        (
            {"metadata": {"labels": {"training.kubeflow.org/job-name": "x"}}},
            r"overlay.all.metadata.labels.training\.kubeflow\.org/job-name",
            "belongs to the operator",
        ),
        ({"metadata": {"labels": {"v": 1}}}, "overlay.all.metadata.labels.v", "is no text"),
        ({"metadata": {"annotations": {"v": True}}}, "overlay.all.metadata.annotations.v", "is no text"),
        (
            {"spec": {"containers": [{"image": "x"}]}},
            "overlay.all.spec.containers[0]",
            "has no `name`",
        ),
        ({"spec": {"containers": ["x"]}}, "overlay.all.spec.containers[0]", "has no `name`"),
        (
            {"spec": {"volumes": [{"name": "a"}, {"name": "a"}]}},
            "overlay.all.spec.volumes[1]",
            "a second item",
        ),
        (_tf(**{"$delete": True}), "overlay.all.spec.containers[0].$delete", "cannot be removed"),
        ({"spec": {"containers": [REPLACE]}}, "overlay.all.spec.containers", "leaves no container"),
        ({"spec": {"containers": None}}, "overlay.all.spec.containers", "leaves no container"),
        (_tf(image=None), "overlay.all.spec.containers", "leaves no container"),
        (_tf(**REPLACE, image="x"), "overlay.all.spec.containers.env", "changes or removes `TFJOB_KIT_GPUS`"),
        (
            _tf(env=[{"name": "TFJOB_KIT_GPUS", "value": "2"}]),
            "overlay.all.spec.containers.env",
            "changes or removes `TFJOB_KIT_GPUS`",
        ),
        (
            _tf(env=[{"name": "TFJOB_KIT_NEW", "value": "2"}]),
            "overlay.all.spec.containers.env",
            "`TFJOB_KIT_NEW`",
        ),
        (
            _tf(env=[{"name": "TF_CONFIG", "value": "{}"}]),
            "overlay.all.spec.containers[0].env[0]",
            "`TF_CONFIG` is set by the operator",
        ),
        (
            _tf(env=[{"name": "N", "value": 1}]),
            "overlay.all.spec.containers[0].env[0].value",
            "variables hold text",
        ),
        ({"spec": {"x": {"$patch": "merge"}}}, "overlay.all.spec.x.$patch", "no directive `$patch`"),
        ({"spec": {"x": {"$replace": False}}}, "overlay.all.spec.x.$replace", "takes `true` alone"),
        ({"spec": {"x": {"$delete": True}}}, "overlay.all.spec.x.$delete", "removes items of lists"),
        (
            {"spec": {"tolerations": [{"key": "a", "$delete": True}]}},
            "overlay.all.spec.tolerations[0].$delete",
            "replaced as a whole",
        ),
    ],
)
def test_what_an_overlay_may_not_say(fields, where, words):
    with pytest.raises(errors.InvalidValue) as caught:
        _merged(fields)
    assert where == caught.value.where
    assert words in caught.value.message
    assert caught.value.hint


_WORDS = st.sampled_from(
    ["metadata", "spec", "labels", "containers", "volumes", "env", "name", "tensorflow", "image", "$replace"]
)
_ANY = st.recursive(
    _SCALARS | _WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(_WORDS, _ANY, max_size=3), st.dictionaries(_WORDS, _ANY, max_size=3))
def test_whatever_an_overlay_says_it_is_merged_or_refused(first, second):
    merged = BASE
    with contextlib.suppress(errors.InvalidValue):
        merged = _merged(first, {"spec": second})
        manifest.describe_overlays({"Chief": (plan.Overlay(key="overlay.all", fields=first),)})
    assert "tensorflow" in [container["name"] for container in merged["spec"]["containers"]]


def _job(**overlay):
    config = schema.RunConfig(
        gpus=schema.Size(replicas=2, per_replica=1), overlay=schema.OverlayConfig(**overlay)
    )
    made = plan.make_plan(config, name="job", suffix="", config_yaml="")
    return manifest.build_tfjob(made), plan.make_overlays(config.overlay)


def test_all_comes_before_the_role_and_reaches_every_role():
    job, _ = _job(all={"spec": {"hostname": "all", "priority": 1}}, worker={"spec": {"hostname": "worker"}})
    specs = {name: role["template"]["spec"] for name, role in job["spec"]["tfReplicaSpecs"].items()}
    assert {"Chief": ("all", 1), "Worker": ("worker", 1)} == {
        name: (spec["hostname"], spec["priority"]) for name, spec in specs.items()
    }


@pytest.mark.parametrize(
    ("role", "path", "key"),
    [
        ("Chief", "spec.hostname", "overlay.all.spec.hostname"),
        ("Worker", "spec.hostname", "overlay.worker.spec.hostname"),
        ("Worker", "spec.nodeSelector.pool", "overlay.all.spec.nodeSelector.pool"),
        ("Worker", "spec.nodeSelector", "overlay.all.spec.nodeSelector"),
        ("Worker", "spec.containers.0.image", "overlay.all.spec.containers[1].image"),
        ("Worker", "spec.containers.1.image", "overlay.all.spec.containers[0].image"),
        ("Worker", "spec.containers.1", "overlay.all.spec.containers[0]"),
        ("Worker", "spec.containers.0", None),
        ("Worker", "spec.containers.0.command", None),
        ("Worker", "spec.containers", None),
        ("Worker", "spec.containers.9.image", None),
        ("Worker", "spec.tolerations.1.key", "overlay.all.spec.tolerations[1].key"),
        ("Worker", "spec.automountServiceAccountToken", "overlay.all.spec.automountServiceAccountToken"),
        ("Chief", "spec.securityContext", "overlay.chief.spec.securityContext"),
        ("Chief", "spec.securityContext.runAsUser", "overlay.chief.spec.securityContext"),
        ("Worker", "spec.securityContext.runAsUser", None),
        ("Worker", "metadata.labels", None),
        ("PS", "spec.hostname", None),
    ],
)
def test_a_field_leads_back_to_the_key_of_its_overlay(role, path, key):
    job, overlays = _job(
        all={
            "spec": {
                "hostname": "all",
                "nodeSelector": {"pool": "a"},
                "containers": [{"name": "log", "image": "l"}, {"name": "tensorflow", "image": "mine"}],
                "tolerations": [{"operator": "Exists"}, {"key": "b"}],
                "automountServiceAccountToken": None,
            }
        },
        worker={"spec": {"hostname": "worker"}},
        chief={"spec": {"securityContext": {"$replace": True, "fsGroup": 7}}},
    )
    steps = tuple(int(step) if step.isdigit() else step for step in path.split("."))
    place = ("spec", "tfReplicaSpecs", role, "template", *steps)
    assert key == manifest.find_overlay_key(job, place, overlays=overlays)


def _leaves(value, path=()):
    if isinstance(value, (dict, list)) and value:
        below = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in below:
            yield from _leaves(item, (*path, key))
    else:
        yield path, value


def _at(value, path):
    for step in path:
        value = value[step]
    return value


@given(_SPECS, _SPECS)
def test_each_field_that_an_overlay_set_is_traced_to_the_value_that_set_it(everyone, chief):
    fields = {"overlay.all": {"spec": everyone}, "overlay.chief": {"spec": chief}}
    overlays = tuple(plan.Overlay(key=key, fields=each) for key, each in fields.items())
    template = apply_overlays(BASE, overlays)
    job = {"spec": {"tfReplicaSpecs": {"Chief": {"template": template}}}}
    old = dict(_leaves(BASE))
    for path, value in _leaves(template):
        place = ("spec", "tfReplicaSpecs", "Chief", "template", *path)
        key = manifest.find_overlay_key(job, place, overlays={"Chief": overlays})
        if key is None:
            assert value in old.values()
            continue
        _, role, *steps = parse_path(key)
        said = _at(fields[f"overlay.{role}"], steps)
        assert value == bare(said, tuple(step for step in steps if isinstance(step, str)))


@pytest.mark.parametrize("path", [(), ("metadata", "name"), ("spec", "tfReplicaSpecs", "Chief", "replicas")])
def test_what_is_in_no_template_is_of_no_overlay(path):
    job, overlays = _job(all={"spec": {"hostname": "all"}})
    assert manifest.find_overlay_key(job, path, overlays=overlays) is None


def test_what_overlays_change_in_one_line():
    _, overlays = _job(
        all={
            "spec": {
                "nodeSelector": {"pool": "a"},
                "containers": [{"name": "tensorflow", "image": "i", "env": [{"name": "A", "value": "1"}]}],
            }
        },
        chief={"spec": {"volumes": [{"name": "shm", "$delete": True}], "hostname": "h", "dnsPolicy": "x"}},
    )
    assert (
        "spec.nodeSelector.pool, spec.containers[tensorflow].image, "
        "spec.containers[tensorflow].env[A].value, spec.volumes[shm] (chief) and 2 more"
    ) == manifest.describe_overlays(overlays)


def test_an_overlay_without_content_says_nothing():
    _, overlays = _job()
    assert manifest.describe_overlays(overlays) == ""
