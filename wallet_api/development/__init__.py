"""The development server, its PostgreSQL, and the benchmark. Not imported in production."""
