"""Where chat, journal and bytes meet; only `__main__` and `process` know the reactor."""
