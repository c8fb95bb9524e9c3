"""What is sent: a JobPlan written down as a TFJob and its companions, plain JSON data, and its text.

Pure; decides nothing. Must not know the config behind the plan or any engine, and imports no Kubernetes,
Kubeflow or TensorFlow.
"""

from __future__ import annotations

from tfjob_kit.manifest.companions import build_companions
from tfjob_kit.manifest.overlay_origin import describe_overlays, find_overlay_key
from tfjob_kit.manifest.text import dump, dump_all
from tfjob_kit.manifest.tfjob import Manifest, build_tfjob

__all__ = [
    "Manifest",
    "build_companions",
    "build_tfjob",
    "describe_overlays",
    "dump",
    "dump_all",
    "find_overlay_key",
]
