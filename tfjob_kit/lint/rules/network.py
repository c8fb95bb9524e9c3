"""How replicas find each other: ports, Services, DNS, sidecars of a mesh."""

from __future__ import annotations

from collections.abc import Iterator

from tfjob_kit import contract
from tfjob_kit.lint.job import Job
from tfjob_kit.lint.part import Part
from tfjob_kit.lint.rule import Edit, Hit, Remove, Rule, Set, Severity

__all__ = ["RULES"]

_ISTIO = "sidecar.istio.io/inject"
_POD_PREFIXES = ("sidecar.istio.io/", "prometheus.io/", "k8s.v1.cni.cncf.io/", "linkerd.io/")
_POD_KEYS = ("cluster-autoscaler.kubernetes.io/safe-to-evict",)
_OPERATOR_PREFIX = "training.kubeflow.org/"


def _port_unnamed(job: Job) -> Iterator[Hit]:
    for main in job.mains:
        ports = list(main.part.at("ports").items())
        names = {port.at("name").text for port in ports}
        for port in ports:
            if isinstance(port.value, dict) and not port.at("name").exists:
                number = port.at("containerPort").integer
                own = number == contract.TF_PORT and "tfjob-port" not in names
                name = "tfjob-port" if own else f"port-{number}"
                edits: tuple[Edit, ...] = (Set(path=port.at("name").path, value=name),)
                yield Hit(
                    port,
                    f"port {number} has no name: beside the operator's `tfjob-port` its Service is refused, "
                    "and peers find nothing",
                    fix=f"name it, e.g. `name: {name}`",
                    edits=edits if number is not None and name not in names else (),
                )


def _port_protocol(job: Job) -> Iterator[Hit]:
    for main in job.mains:
        for port in main.part.at("ports").items():
            protocol = port.at("protocol")
            if protocol.text is not None and protocol.text != "TCP":
                yield Hit(protocol, f"the Service exposes the port as TCP, not {protocol.text}")


def _readiness(job: Job) -> Iterator[Hit]:
    if job.replicas < 2:
        return
    for container in job.containers:
        probe = container.part.at("readinessProbe")
        if probe.exists:
            yield Hit(
                probe,
                "until it passes the pod has no name in DNS: replicas that wait for each other deadlock",
                edits=(Remove(path=probe.path),),
            )


def _dns_policy(job: Job) -> Iterator[Hit]:
    if job.replicas < 2:
        return
    for role in job.roles:
        policy, host = role.pod.at("dnsPolicy"), role.pod.at("hostNetwork").is_true
        if policy.value == "Default" or (policy.value == "None" and not role.pod.at("dnsConfig").exists):
            right = "ClusterFirstWithHostNet" if host else "ClusterFirst"
        elif host and policy.value in (None, "ClusterFirst"):
            right = "ClusterFirstWithHostNet"
        else:
            continue
        why = "on the host's network" if host else f"under dnsPolicy {policy.value}"
        yield Hit(
            policy,
            f"{why} the pod does not ask the cluster's DNS: names of peers do not resolve",
            fix=f"write `dnsPolicy: {right}`",
            edits=(Set(path=policy.path, value=right),),
        )


def _labels_not_on_pods(job: Job) -> Iterator[Hit]:
    for kind in ("labels", "annotations"):
        for key, value in job.root.at("metadata", kind).entries():
            lacking = [
                role.template.at("metadata", kind, key)
                for role in job.roles
                if not role.template.at("metadata", kind, key).exists
            ]
            if lacking and (key.startswith(_POD_PREFIXES) or key in _POD_KEYS):
                edits = tuple(Set(path=place.path, value=value.value) for place in lacking)
                yield Hit(
                    value,
                    f"`{key}` of the TFJob never reaches its pods: the operator copies nothing from here",
                    edits=edits if value.text is not None else (),
                )


def _label_overwritten(job: Job) -> Iterator[Hit]:
    for role in job.roles:
        for key, value in role.template.at("metadata", "labels").entries():
            if key.startswith(_OPERATOR_PREFIX):
                yield Hit(value, f"the operator writes `{key}` itself", edits=(Remove(path=value.path),))


def _istio(job: Job) -> Iterator[Hit]:
    for role in job.roles:
        labels, notes = role.template.at("metadata", "labels"), role.template.at("metadata", "annotations")
        said: list[Part] = [labels.at(_ISTIO), notes.at(_ISTIO)]
        if not any(part.exists for part in said):
            yield Hit(
                labels.at(_ISTIO),
                "in a namespace with Istio injection the sidecar outlives the training and breaks its gRPC: "
                "the job never finishes",
                edits=(Set(path=labels.at(_ISTIO).path, value="false"),),
            )
        for part in said:
            if str(part.value).lower() == "true":
                yield Hit(
                    part,
                    "the sidecar outlives the training and breaks its gRPC: the job never finishes",
                    edits=(Set(path=part.path, value="false"),),
                )


RULES = (
    Rule(
        id="port-unnamed",
        severity=Severity.error,
        title="a port without a name",
        check=_port_unnamed,
        fix="name every port of the container `tensorflow`; TensorFlow's own is `tfjob-port`",
        source="seen on training-operator v1.9.4: FailedCreateService; Kubernetes: multi-port Services",
        good={"main.ports": [{"name": "tfjob-port", "containerPort": 2222}]},
        bad={"main.ports": [{"name": "tfjob-port", "containerPort": 2222}, {"containerPort": 8080}]},
    ),
    Rule(
        id="port-protocol",
        severity=Severity.warning,
        title="a port that is not TCP",
        check=_port_protocol,
        fix="give the program a Service of your own",
        source="training-operator v1.9.4, pkg/controller.v1/common/service.go: the protocol is not copied",
        good={"main.ports": [{"name": "tfjob-port", "containerPort": 2222, "protocol": "TCP"}]},
        bad={"main.ports": [{"name": "statsd", "containerPort": 8125, "protocol": "UDP"}]},
    ),
    Rule(
        id="readiness-probe",
        severity=Severity.warning,
        title="a readiness probe",
        check=_readiness,
        fix="remove it, or use a liveness probe",
        source="seen on training-operator v1.9.4: Services do not publish addresses that are not ready",
        good={"main.livenessProbe": {"tcpSocket": {"port": 2222}}},
        bad={"main.readinessProbe": {"tcpSocket": {"port": 2222}}},
    ),
    Rule(
        id="dns-policy",
        severity=Severity.error,
        title="pods that do not ask the cluster's DNS",
        check=_dns_policy,
        fix="leave `dnsPolicy` out; with `hostNetwork` write `dnsPolicy: ClusterFirstWithHostNet`",
        source="seen on training-operator v1.9.4; Kubernetes documentation: DNS for Services and Pods",
        good={"pod.dnsPolicy": "ClusterFirst"},
        bad={"pod.dnsPolicy": "Default"},
    ),
    Rule(
        id="labels-not-on-pods",
        severity=Severity.warning,
        title="labels and annotations for pods on the TFJob",
        check=_labels_not_on_pods,
        fix="write it on every role's template",
        source="training-operator v1.9.4, pkg/controller.v1/common/pod.go: pods get the template's alone",
        good={"podmeta.annotations": {"prometheus.io/scrape": "true"}},
        bad={"metadata.annotations": {"prometheus.io/scrape": "true"}},
    ),
    Rule(
        id="label-overwritten",
        severity=Severity.warning,
        title="a label of the operator's on a template",
        check=_label_overwritten,
        fix="remove it",
        source="training-operator v1.9.4, pkg/controller.v1/common/pod.go",
        good={"podmeta.labels": {_ISTIO: "false", "team": "vision"}},
        bad={"podmeta.labels": {_ISTIO: "false", "training.kubeflow.org/job-name": "other"}},
    ),
    Rule(
        id="istio-injection",
        severity=Severity.info,
        title="no opt-out from a mesh's sidecar",
        check=_istio,
        fix=f'write the label `{_ISTIO}: "false"` on every role\'s template',
        source="Kubeflow documentation: TFJob and Istio; Istio documentation: sidecar injection",
        good={"podmeta.labels": {_ISTIO: "false"}},
        bad={"podmeta.labels": None},
    ),
)
