"""Facts about a database file and what is in it."""
