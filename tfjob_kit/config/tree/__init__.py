"""The config while it is put together: nodes with their sources, merged but not yet typed.

Owns merging and where each leaf came from. Must not know the schema or read files.
"""

from tfjob_kit.config.tree.source import Source

__all__ = ["Source"]
