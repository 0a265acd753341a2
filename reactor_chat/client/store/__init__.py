"""What a client keeps on disk: its home, its key, and for each server a vault."""
