"""Writes the manifest in docs/concepts/manifest.md: one of the tests, with reasons above its lines.

python scripts/manifest_page.py           write it
python scripts/manifest_page.py --check   exit code 1 when it is not current
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "concepts" / "manifest.md"
MANIFEST = ROOT / "tests" / "golden" / "manifests" / "resnet50-a100.yaml"
BEGIN = (
    "<!-- Written by scripts/manifest_page.py from a manifest of the tests; `make docs` writes it anew. -->\n"
)
END = "<!-- The end of what it writes. -->\n"
COLUMNS = 96

# What a line begins with -> the note above it. Each has to be there; its first place is meant.
NOTES = {
    "name: resnet50-a100": (
        "Pods and Services are called NAME-chief-0, NAME-worker-0. A Service has 63 characters at most: "
        "longer names are refused."
    ),
    "namespace:": "`-n`, else site.namespace, else the context's own.",
    "labels:": "On the job and its pods: `kubectl get pods -l app.kubernetes.io/instance=resnet50-a100`.",
    "annotations:": "What it was made of. In a git repository also its commit, and whether it had changes.",
    "runPolicy:": "Always written: the Python SDK cannot read a job without it.",
    "cleanPodPolicy:": "Pods that still run once the job has finished go; finished ones keep their logs.",
    "ttlSecondsAfterFinished:": "A week later the job goes, and its pods with it (job.ttl).",
    "Chief:": "2x4: a chief and a worker with four GPUs each. The chief saves, evaluates and reports.",
    "restartPolicy:": (
        "Exit codes of 128 and more start the pod anew, others end the job. The runtime in the replica "
        "makes the difference: a lost peer is the one, an error in the model the other."
    ),
    "template:": "The operator copies no label or annotation from the job to its pods.",
    "sidecar.istio.io/inject:": "A proxy of the mesh would outlive the training and break its gRPC.",
    "prometheus.io/scrape:": "Steps, loss, examples per second and restarts of each replica.",
    "- name: tensorflow": "The operator gives TF_CONFIG to the container of this name.",
    "image:": "site.image",
    "- name: NCCL_SOCKET_IFNAME": "site.env",
    "- name: TFJOB_KIT_RUN_ID": "The replicas of one run know each other by it and let no other in.",
    "- name: TFJOB_KIT_GPUS": "A replica that sees more or fewer GPUs ends before it trains.",
    "- name: TFJOB_KIT_CONFIG": (
        "The composed config, which `tfjob-kit config show --job NAME` prints. TF_CONFIG is the operator's "
        "to add."
    ),
    "ports:": "TensorFlow, the barrier of the replicas, metrics: the operator makes a Service for each pod.",
    "resources:": "Requests equal limits: the pods are of the class that is evicted last.",
    "- name: shm": "NCCL needs more than the 64 MiB that a container has. It counts in the memory above.",
    "- name: dataset": "volumes=dataset_pvc",
    "allowPrivilegeEscalation:": "All that pod security *restricted* asks for.",
    "nodeSelector:": "What `A100-80GB` means in this cluster: site.gpu_types.",
    "tolerations:": "site.tolerations, then those of the GPU type and of placement.",
    "automountServiceAccountToken:": "A training needs no API server.",
    "fsGroupChangePolicy:": "A claim with a million files is not walked through at each start.",
    "terminationGracePeriodSeconds:": "Time to save after SIGTERM (job.grace_period).",
}


def main(arguments: list[str]) -> int:
    """Writes the block, or compares it."""
    text = PAGE.read_text()
    made = page(text, MANIFEST.read_text())
    if "--check" in arguments:
        return 0 if text == made else 1
    PAGE.write_text(made)
    return 0


def page(text: str, manifest: str) -> str:
    """The page with the manifest's block made anew."""
    before, _, rest = text.partition(BEGIN)
    lines = "\n".join(annotated(manifest.splitlines()))
    return f"{before}{BEGIN}\n```yaml\n{lines}\n```\n\n{END}{rest.partition(END)[2]}"


def annotated(lines: list[str]) -> Iterator[str]:
    """The lines with the notes above them, the config and the workers' template cut short.

    Raises:
        KeyError: A note whose line is not there.
    """
    waiting = dict(NOTES)
    for line in shortened(lines):
        if start := next((start for start in waiting if line.strip().startswith(start)), None):
            note = waiting.pop(start)
            indent = " " * (len(line) - len(line.lstrip()))
            yield from textwrap.wrap(
                note, COLUMNS, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# "
            )
        yield line
    if waiting:
        raise KeyError(f"no line of the manifest begins with {', '.join(waiting)}")


def shortened(lines: list[str]) -> Iterator[str]:
    """The manifest without most of the config and without the template of the workers."""
    of_config: int | None = None
    is_worker = False
    for line in lines:
        depth = len(line) - len(line.lstrip())
        is_worker = line == "    Worker:" or (is_worker and depth > 4)
        if is_worker and depth > 6:
            continue
        if of_config is not None and depth > of_config:
            continue
        of_config = None
        yield f"{line}   # as the chief's" if is_worker and line.strip() == "template:" else line
        if line.strip() == "value: |":
            of_config = depth
            yield f"{' ' * depth}  gpus: A100-80GB:2x4"
            yield f"{' ' * depth}  ..."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
