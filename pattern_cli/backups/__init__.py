"""Snapshots of a constellation and their proof."""
