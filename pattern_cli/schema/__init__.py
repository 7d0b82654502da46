"""The migration ledger, the runner and the comparison with the known schema."""
