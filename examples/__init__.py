"""Small programs that talk to a server: run them from the top of the project, as `python -m examples.bot`."""
