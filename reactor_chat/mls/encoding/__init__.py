"""Structs of the TLS presentation language, and the bytes they turn into (RFC 9420 §2)."""
