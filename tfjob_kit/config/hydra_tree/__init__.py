"""A tree of Hydra configs turned into one of ours.

Owns reading it, what each key, choice and interpolation becomes, and the report of what becomes of nothing.
A value moves only where its meaning is certain: a key of ours, or a parameter of a group named `model` or
`data`; what a usual name like `lr` may mean is said, never done. Must not write files or know the command
line.
"""

from tfjob_kit.config.hydra_tree.conversion import Imported, import_tree
from tfjob_kit.config.hydra_tree.notices import Notice

__all__ = ["Imported", "Notice", "import_tree"]
