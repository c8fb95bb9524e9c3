"""Data sources, one file each: `data.name=digits` reads `digits.py`, which has `load(params, seed)`.

Owns what an example is and how it is made or fetched by its index (`source.Split`). Must not know order,
batches, replicas or steps: the trainer's input pipeline decides which index is needed when. Nothing to
register: a new file with a `load` is a new source.
"""
