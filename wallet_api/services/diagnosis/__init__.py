"""Checks of `doctor` and `db doctor`: settings, environment, database."""
