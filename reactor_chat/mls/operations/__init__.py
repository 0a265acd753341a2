"""What members, newcomers and outsiders do with a group: create, join, send and receive (RFC 9420 §6, §11, §12)."""
