"""One method for each use case. Services alone open transactions; they know nothing of HTTP."""
