"""`wallet-api policies …`: its commands, the files that they read, and what policies apply to."""
