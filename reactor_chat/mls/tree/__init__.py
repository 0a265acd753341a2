"""The trees of a group: ratchet tree, TreeKEM and secret tree, with what makes them valid (RFC 9420 §4, §7, §9)."""
