"""What `doctor` and `db doctor` check: settings, environment, database."""
