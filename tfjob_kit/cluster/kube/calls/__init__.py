"""One call to the API server: its address, which failures are repeated, what refusals mean to a user."""
