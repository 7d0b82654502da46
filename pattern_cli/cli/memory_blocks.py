"""`pattern memory`: create blocks, change what is known about them, delete, bring back and share them."""
