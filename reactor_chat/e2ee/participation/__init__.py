"""One person's part in one conversation: its roles put together, what is due next, how it stands."""
