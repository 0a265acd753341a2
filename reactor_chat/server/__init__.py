"""Where chat, journal and bytes meet.  Decides nothing about the chat; only `__main__` knows the reactor."""
