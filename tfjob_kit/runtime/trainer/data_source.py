"""The data source that the config names: the module of that name in `runtime/data`.

Owns finding and loading it. Must not know any source.
"""

from __future__ import annotations

import importlib
import pkgutil

from tfjob_kit import errors
from tfjob_kit.config import schema
from tfjob_kit.runtime import data
from tfjob_kit.runtime.data import source

__all__ = ["load_source"]

_NOT_SOURCES = ("source",)


def load_source(config: schema.DataConfig, *, seed: int) -> source.DataSource:
    """Loads `data.name` with its parameters.

    Raises:
        ConfigError: There is no such source, or it has no such parameter.
        DataError: It cannot read its data.
    """
    known = sorted(m.name for m in pkgutil.iter_modules(data.__path__) if m.name not in _NOT_SOURCES)
    if config.name not in known:
        raise errors.UnknownChoice(
            f"no data source `{config.name}`",
            where="data.name",
            nearest=tuple(known),
            hint=f"data sources: {', '.join(known)}",
        )
    loaded = importlib.import_module(f"{data.__name__}.{config.name}").load(config.params, seed)
    if loaded.train.size < 1:
        raise source.DataError(f"data source `{config.name}` has no training examples")
    return loaded
