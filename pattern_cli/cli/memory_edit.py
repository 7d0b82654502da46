"""`pattern memory`: change what a block holds."""
