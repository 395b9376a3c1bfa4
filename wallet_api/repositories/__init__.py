"""Repositories, the only callers of SQL: one class per file in queries/, on one connection.

They never commit, and return dataclasses, lists or None.
"""
