"""The only callers of SQL: one small class for each file in queries/, on one connection.

Repositories never commit, and return dataclasses, lists or None.
"""
