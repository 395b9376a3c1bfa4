"""Benchmarks of this service and of the one that it replaces. See README.md."""
