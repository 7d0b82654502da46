"""The migration ledger, the migrations, and the comparison of a database with the known schema."""

from pattern_cli.schema.creation import create_constellation

__all__ = ["create_constellation"]
