"""Who is calling. Nothing here knows of HTTP routes or SQL."""
