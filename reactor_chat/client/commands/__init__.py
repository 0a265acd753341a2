"""What a client does by itself when a person types a command."""
