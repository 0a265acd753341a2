"""Everything a person has read: pages of each conversation, and search over all of it, without a server."""
