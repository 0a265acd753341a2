"""RFC 9420, Messaging Layer Security, on the primitives of `cryptography`.

This package knows groups, keys and messages.  It must not know files, clocks, sockets or the chat: time and entropy are
arguments, and everything that fails is one of two exceptions (`errors.MlsMalformed`, `errors.MlsRefused`).

Where to read: `group` is the public face, `outcomes` what it gives back; `commits`, `proposals`, `welcome` and
`outside` are §12, `creation` §11, `keypackage` §10; `tree`, `treekem` and `validation` §7; `schedule` §8;
`secrettree` §9; `framing`, `receiving` and `sending` §6; `suites`, `hpke`, `kem` and `signatures` §5; `structs` and
`messages` hold every struct, `codec` turns them into bytes.  `storage` is for a client's disk, `passive` follows
recorded groups from the command line.

`KeyPackage` here is a client's own, with its private keys; what it publishes is `messages.KeyPackage`.
"""

from reactor_chat.mls.commits import CommitOptions
from reactor_chat.mls.group import Group
from reactor_chat.mls.keypackage import Identity, read_key_package
from reactor_chat.mls.keypackage import OwnKeyPackage as KeyPackage
from reactor_chat.mls.signatures import SigningKey
from reactor_chat.mls.suites import CLASSICAL, HYBRID, available, suite

__all__ = [
    "CLASSICAL",
    "HYBRID",
    "CommitOptions",
    "Group",
    "Identity",
    "KeyPackage",
    "SigningKey",
    "available",
    "read_key_package",
    "suite",
]
