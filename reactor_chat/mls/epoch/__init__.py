"""One epoch of a group: its key schedule, and a member's state in it (RFC 9420 §8)."""
