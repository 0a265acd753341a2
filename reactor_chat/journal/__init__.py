"""An ordered, durable log.  Knows order and durability, and nothing of what it keeps."""
