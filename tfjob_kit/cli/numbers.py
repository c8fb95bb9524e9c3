"""Progress and metrics as one line of text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfjob_kit.cli import durations

__all__ = ["format_metrics", "format_number", "format_progress"]

_SEPARATOR = " · "
_EVALUATION = "eval_"


def format_progress(values: Mapping[str, Any], *, with_eta: bool = True) -> str:
    """`step 120/600 · loss 0.4211 · 5300 examples/s · 12 s left`; what is unknown is left out."""
    total = f"/{values['total_steps']}" if "total_steps" in values else ""
    parts = [f"step {values['step']}{total}"] if "step" in values else []
    if "loss" in values:
        parts.append(f"loss {format_number(values['loss'])}")
    evaluated = {k: v for k, v in values.items() if k.startswith(_EVALUATION)}
    parts += [f"{key.replace('_', ' ', 1)} {format_number(value)}" for key, value in evaluated.items()]
    if values.get("examples_per_second"):
        parts.append(f"{format_number(values['examples_per_second'])} examples/s")
    if with_eta and values.get("eta_seconds"):
        parts.append(f"{durations.span(float(values['eta_seconds']))} left")
    return _SEPARATOR.join(parts)


def format_metrics(metrics: Mapping[str, float]) -> str:
    """`accuracy 0.9833 · loss 0.061`."""
    ordered = sorted(metrics.items(), key=lambda item: (item[0] == "loss", item[0]))
    return _SEPARATOR.join(f"{name} {format_number(value)}" for name, value in ordered)


def format_number(value: object) -> str:
    """Four digits that matter; whole numbers as they are."""
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return str(value)
