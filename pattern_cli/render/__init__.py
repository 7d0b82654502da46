"""Typed rows to a terminal, a pipe or a file format."""
