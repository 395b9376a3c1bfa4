"""The audit log: appending, reading, verifying, checkpoints."""
