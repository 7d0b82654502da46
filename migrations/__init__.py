"""Schema migrations, one per version of the runtime."""
