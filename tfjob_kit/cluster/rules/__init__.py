"""The rules of the training-operator and the kubelet, shared by the engines that have neither.

Owns what becomes of a TFJob and its pods: pure functions from objects as an API server returns them, and a
time, to what is to be done and the new status. Facts: training-operator v1.9.4. Must not know processes,
files, threads or clocks; engines carry the actions out.
"""

from __future__ import annotations

from tfjob_kit.cluster.rules import companions, kubelet
from tfjob_kit.cluster.rules.actions import Action, CreatePod, DeleteJob, DeletePod, Emit, Outcome
from tfjob_kit.cluster.rules.defaults import with_defaults
from tfjob_kit.cluster.rules.event_log import record_event
from tfjob_kit.cluster.rules.merge_patch import merge_patch
from tfjob_kit.cluster.rules.pod import build_pod
from tfjob_kit.cluster.rules.reconcile import reconcile
from tfjob_kit.cluster.rules.selector import matches, parse_selector
from tfjob_kit.cluster.rules.tf_config import AddressOf, service_addresses, tf_config
from tfjob_kit.cluster.rules.times import format_time, parse_time
from tfjob_kit.cluster.rules.validate import validate

__all__ = [
    "Action",
    "AddressOf",
    "CreatePod",
    "DeleteJob",
    "DeletePod",
    "Emit",
    "Outcome",
    "build_pod",
    "companions",
    "format_time",
    "kubelet",
    "matches",
    "merge_patch",
    "parse_selector",
    "parse_time",
    "reconcile",
    "record_event",
    "service_addresses",
    "tf_config",
    "validate",
    "with_defaults",
]
