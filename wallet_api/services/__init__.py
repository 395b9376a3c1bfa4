"""Use cases, one method each. Only services open transactions; they know nothing of HTTP."""
