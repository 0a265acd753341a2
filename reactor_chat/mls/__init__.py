"""RFC 9420, Messaging Layer Security, on the primitives of `cryptography`: groups, keys and messages, without I/O."""
