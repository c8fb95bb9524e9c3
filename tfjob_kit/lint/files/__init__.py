"""TFJobs in texts: YAML and JSON with line and column, suppressing comments, fixes that keep the layout.

Owns reading and rewriting texts; opens no file. Must not know single rules.
"""
