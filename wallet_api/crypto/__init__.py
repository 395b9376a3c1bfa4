"""Keys and their sealing. Nothing here knows of HTTP or SQL."""
