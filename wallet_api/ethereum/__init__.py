"""What Base and Ethereum define: networks, addresses, amounts, transfers. No HTTP, no SQL."""
