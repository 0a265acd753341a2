"""The ways in: a door a file, from one connection's bytes to inputs of the core and back."""
