"""The gunicorn worker, its settings, and responses to requests that do not reach Flask."""
