"""`pattern agents`: copy an agent with all it knows, delete one with all that hangs on it."""
