"""The operator's tool: looks after a server's journal, and gives orders to a running server."""
