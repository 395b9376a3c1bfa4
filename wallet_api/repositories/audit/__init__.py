"""The audit log: its entries and heads, the archive, and the checks."""
