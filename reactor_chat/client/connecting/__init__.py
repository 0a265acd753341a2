"""How a client finds its server, knows it again, logs in, comes back after a cut, and leaves."""
