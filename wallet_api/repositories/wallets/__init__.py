"""The table `wallets`, the search of it, and the protocol that the stores share."""
