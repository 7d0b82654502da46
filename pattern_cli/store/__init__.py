"""Which file, how it is opened, transactions, who else has it open, ids and clock."""
