"""`wallet-api wallets`: commands on wallets and wallet files."""
