"""Snapshots of a constellation and their proof; vacuum, which proves its result the same way."""
