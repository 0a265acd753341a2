"""Messages of encrypted conversations: sent, received, kept for history, and waiting in their order."""
