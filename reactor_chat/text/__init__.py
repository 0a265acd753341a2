"""People ⇄ messages: knows what is typed and what is read; must not know bytes, sockets, time or a chat's state."""
