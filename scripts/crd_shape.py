"""Writes tfjob_kit/lint/crd.json: names, types and required fields of the TFJob CRD, without its texts.

python scripts/crd_shape.py [FILE]           write it from kubeflow.org_tfjobs.yaml of a training-operator
python scripts/crd_shape.py [FILE] --check   exit code 1 when it is not current

FILE defaults to the one in the Go module cache, where `make cluster` has it.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "tfjob_kit" / "lint" / "crd.json"
MODULE = "pkg/mod/github.com/kubeflow/training-operator@v1.9.4"
CRD = (
    Path(os.environ.get("GOPATH", Path.home() / "go"))
    / MODULE
    / "manifests/base/crds/kubeflow.org_tfjobs.yaml"
)


def shape(schema: dict[str, Any]) -> Any:
    """A type's name; `[items]`; `{field: type}` with `!` behind required fields; `{"*": type}` of a map."""
    if schema.get("x-kubernetes-int-or-string"):
        return "quantity"
    if schema.get("type") == "array":
        return [shape(schema["items"])]
    if "properties" in schema:
        required = schema.get("required", ())
        return {
            f"{name}!" if name in required else name: shape(field)
            for name, field in schema["properties"].items()
        }
    if "additionalProperties" in schema:
        return {"*": shape(schema["additionalProperties"])}
    return "any" if schema.get("type") == "object" else schema["type"]


def text(file: Path) -> str:
    """The data as it is stored."""
    crd: Any = yaml.load(file.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    top = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
    return json.dumps({"spec": shape(top["spec"])}, separators=(",", ":")) + "\n"


def main(arguments: list[str]) -> int:
    """Writes the file, or compares it."""
    files = [Path(each) for each in arguments if each != "--check"] or [CRD]
    made = text(files[0])
    if "--check" in arguments:
        return 0 if TARGET.is_file() and TARGET.read_text() == made else 1
    TARGET.write_text(made)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
