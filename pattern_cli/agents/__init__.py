"""Agents of a constellation."""
