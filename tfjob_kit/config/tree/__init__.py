"""The config while it is put together: nodes with their sources, merged, edited and resolved, not yet typed.

Owns merging, the value overrides, interpolation and where each leaf came from. Must not read files or decide
which files take part.
"""

from tfjob_kit.config.tree.source import Source

__all__ = ["Source"]
