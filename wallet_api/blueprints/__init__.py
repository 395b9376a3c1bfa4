"""HTTP in and out: parse, call one service, shape the answer."""
