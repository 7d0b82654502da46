"""What writes the generated documents: the demo, its pictures, the command reference."""
