"""From nodes to the RunConfig: what each field of the schema accepts, and the error when it does not.

Owns the meaning of the schema's annotations and bounds. Must not know which files or overrides took part; a
node's source says where it came from.
"""
