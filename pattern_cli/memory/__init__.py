"""Memory blocks and archival entries."""
