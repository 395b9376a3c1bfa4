"""The HTTP layer: each view parses the request, calls one service, and shapes the response."""
