"""`wallet-api wallets …`: commands for wallets and wallet files."""
