"""Keys, encryption and MACs. Nothing here depends on HTTP or SQL."""
