"""Networks, amounts and transfers; what can be signed, signatures, and their effects.

Nothing here depends on HTTP or SQL.
"""
