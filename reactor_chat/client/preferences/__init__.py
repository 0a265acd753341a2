"""What a person prefers: `client.toml`."""
