"""The state of the chat: the records that make it, and the parts that they change; it imports nothing of the core."""
