"""How an override is written: keys, values, the forms around them, and how to write one down again.

Owns the text of the command line up to plain Python data, with the raw text kept. Must not know the schema,
any file, or whether a key names a config group.
"""

from tfjob_kit.config.grammar.override import Action, Override, parse_override

__all__ = ["Action", "Override", "parse_override"]
