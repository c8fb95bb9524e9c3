"""The files behind a config: where they are found, what they say, and which of them a run takes.

Owns the search path, reading YAML with line numbers, defaults lists and model files. Must not know the
schema.
"""
