"""Networks, addresses, amounts and transfers. Nothing here depends on HTTP or SQL."""
