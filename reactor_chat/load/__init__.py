"""A load generator: many clients in one process, on the server's own reactor, and every message accounted for."""
