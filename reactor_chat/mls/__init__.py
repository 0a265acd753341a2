"""RFC 9420, Messaging Layer Security, on the primitives of `cryptography`.

This package knows groups, keys and messages.  It must not know files, clocks, sockets or the chat: time and entropy are
arguments, and everything that fails is one of two exceptions (`errors.MlsMalformed`, `errors.MlsRefused`).

Where to read: `group` is the public face; `commits`, `proposals`, `welcome` and `outside` are §12; `tree` and
`treekem` §7; `schedule` §8; `secrettree` §9; `framing` and `receiving` §6; `suites`, `hpke`, `kem` and `signatures`
§5; `structs` and `messages` hold every struct, `codec` turns them into bytes.  `passive` follows recorded groups from
the command line.
"""
