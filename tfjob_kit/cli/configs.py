"""`config show`."""
