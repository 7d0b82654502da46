"""Message contents, history and tail."""
