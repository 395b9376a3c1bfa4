"""One trading wallet per user of a Farcaster / Base mini app, on PostgreSQL, for ever.

wallet_api.app builds the application; it is not imported here, because every command would wait
for all of HTTP to be imported first.
"""
