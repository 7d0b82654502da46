"""`pattern memory`: the history of a block, its differences, undo and redo."""
