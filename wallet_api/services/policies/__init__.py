"""Policies: their versions, where they are assigned, and the decisions that they make."""
