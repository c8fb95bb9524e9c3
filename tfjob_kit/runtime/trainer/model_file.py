"""The user's model file: `models/<name>.py` with `build(params) -> keras.Model`, optionally `loss(params)`.

Owns finding and loading it by its path and checking what it gives. Must not know what a model is made of.
"""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import keras

from tfjob_kit import errors

__all__ = ["ModelFile", "find_model_file", "load_model_file"]

_BUILD = "def build(params: dict) -> keras.Model"
_LOSS = "def loss(params: dict) -> keras.losses.Loss"


@dataclass(frozen=True, kw_only=True)
class ModelFile:
    """A loaded model file.

    Attributes:
        path: Where it lies.
        build: Its `build`.
        loss: Its `loss`; None for cross-entropy of logits against whole-number labels.
    """

    path: Path
    build: Callable[[dict[str, Any]], Any]
    loss: Callable[[dict[str, Any]], Any] | None

    def make_model(self, params: dict[str, Any]) -> keras.Model:
        """Calls `build`; the strategy's scope must be open.

        Raises:
            ModelError: It does not return a model with weights.
        """
        model = self.build(dict(params))
        if not isinstance(model, keras.Model):
            raise self._error(f"build returned {type(model).__name__}, not a keras.Model", _BUILD)
        if not model.built or not model.trainable_variables:
            raise self._error(
                "build returned a model without trainable weights", "begin it with keras.Input(shape)"
            )
        return model

    def make_loss(self, params: dict[str, Any]) -> Callable[[Any, Any], Any]:
        """Labels and outputs of a batch -> loss of each example, `[batch]`."""
        if self.loss is None:
            return keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="none")
        made = self.loss(dict(params))
        if not callable(made):
            raise self._error(f"loss returned {type(made).__name__}, which cannot be called", _LOSS)
        if isinstance(made, keras.losses.Loss):
            # Keras' own reductions divide by replicas or by a replica's batch: wrong for a global mean.
            made.reduction = "none"
        return made

    def _error(self, message: str, hint: str) -> errors.ModelError:
        return errors.ModelError(f"{self.path}: {message}", where=str(self.path), hint=hint)


def find_model_file(name: str, *, folders: Sequence[Path]) -> Path:
    """The first `<name>.py` in the folders.

    Raises:
        ModelError: None of them has it.
    """
    for folder in folders:
        if (folder / f"{name}.py").is_file():
            return folder / f"{name}.py"
    known = sorted({path.stem for folder in folders for path in folder.glob("*.py")})
    raise errors.ModelError(
        f"no model file `{name}.py` in {', '.join(str(folder) for folder in folders) or 'any folder'}",
        where="model.name",
        nearest=tuple(known),
        hint=f"put it under models/ of the image's working directory; found: {', '.join(known) or 'none'}",
    )


def load_model_file(path: Path) -> ModelFile:
    """Runs the file as a module of its own.

    Raises:
        ModelError: It has no `build` that takes one argument, or a `loss` that does not.
    """
    module = _execute(path)
    build = _function(module, "build", path, _BUILD)
    if build is None:
        raise errors.ModelError(f"{path}: no function `build`", where=str(path), hint=_BUILD)
    return ModelFile(path=path, build=build, loss=_function(module, "loss", path, _LOSS))


def _execute(path: Path) -> ModuleType:
    name = f"tfjob_kit_model_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise errors.ModelError(f"{path} is not a Python file", where=str(path), hint=_BUILD)
    module = importlib.util.module_from_spec(spec)
    # Keras and pickle look functions up by their module's name.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise errors.ModelError(f"{path}: {error.msg}", where=f"{error.filename}:{error.lineno}") from error
    return module


def _function(
    module: ModuleType, name: str, path: Path, signature: str
) -> Callable[[dict[str, Any]], Any] | None:
    function = getattr(module, name, None)
    if function is None:
        return None
    try:
        inspect.signature(function).bind({})
    except (TypeError, ValueError):
        raise errors.ModelError(
            f"{path}: `{name}` must take one argument", where=str(path), hint=signature
        ) from None
    return function
