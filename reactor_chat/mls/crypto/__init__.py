"""Key encapsulation and public key encryption, below the cipher suites (RFC 9180)."""
