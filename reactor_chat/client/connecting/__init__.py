"""How a client finds its server, knows it again, logs in, and comes back after a cut."""
