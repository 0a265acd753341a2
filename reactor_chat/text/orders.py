"""What a person asks of their own client, and no server: to seal what they say, to look after keys, and to look back.

An order has the fields that its row of OWN_COMMANDS fills.  A conversation is the room, the person `with_`, or a
`group`; neither is the room.
"""

from msgspec import Struct


class EncryptOn(Struct, frozen=True):
    """Seal what I say to everyone; with a passphrase only those who know it can read along, `-` asks for it."""

    passphrase: str | None = None

    def __repr__(self) -> str:
        """Say nothing of the passphrase."""
        return "EncryptOn()"


class EncryptUser(Struct, frozen=True):
    """Seal what I say to one person."""

    user: str


class EncryptClosed(Struct, frozen=True):
    """Seal what I say to everyone, for those on my list only: these, or (None) everybody who is there now."""

    users: list[str] | None = None


class EncryptAdd(Struct, frozen=True):
    """Put people on my list of the closed room."""

    users: list[str]


class EncryptRemove(Struct, frozen=True):
    """Take people off my list of the closed room."""

    users: list[str]


class EncryptPassphrase(Struct, frozen=True):
    """Ask for another passphrase (`-`), or do without one (`off`)."""

    passphrase: str
    with_: str | None = None
    group: str | None = None


class EncryptGroup(Struct, frozen=True):
    """Seal what I say to a group; where my client does not know whom I put into it, with their names."""

    group: str
    users: list[str] | None = None


class EncryptOff(Struct, frozen=True):
    """What I say is plain again."""

    with_: str | None = None
    group: str | None = None


class EncryptStatus(Struct, frozen=True):
    """How a conversation is sealed, and for whom."""

    with_: str | None = None
    group: str | None = None


class EncryptRekey(Struct, frozen=True):
    """Fresh keys of mine."""

    with_: str | None = None
    group: str | None = None


class EncryptReset(Struct, frozen=True):
    """Begin anew, with fresh keys of everybody."""

    with_: str | None = None
    group: str | None = None


class Held(Struct, frozen=True):
    """List what I typed and what has not left."""

    number: int | None = None


class HeldSend(Struct, frozen=True):
    """Send it, or one line of it, after all."""

    number: int | None = None


class HeldEdit(Struct, frozen=True):
    """Give me one line of it back, to be edited."""

    number: int | None = None


class HeldDrop(Struct, frozen=True):
    """Forget it, or one line of it."""

    number: int | None = None


class Verify(Struct, frozen=True):
    """Show the safety number with somebody, or compare it; with no name, list everybody."""

    user: str = ""
    digits: str | None = None


class TrustAccept(Struct, frozen=True):
    """The new key of somebody is theirs: the one that was shown, or the one whose number this is."""

    user: str
    digits: str | None = None


class TrustBlock(Struct, frozen=True):
    """Send nothing under seal where somebody is."""

    user: str


class ContactsExport(Struct, frozen=True):
    """Write the keys I verified into a file, signed."""

    path: str


class ContactsImport(Struct, frozen=True):
    """Take the keys of such a file."""

    path: str


class Invite(Struct, frozen=True):
    """Show a link to this server that names its key and mine."""


class HistoryMore(Struct, frozen=True):
    """Show the messages before the oldest of the page that was shown last."""


class HistoryBefore(Struct, frozen=True):
    """Show the messages before a moment, written as `14:00`, `2026-11-26` or `2026-11-26 14:00`."""

    moment: str
    with_: str | None = None
    group: str | None = None


class Ignore(Struct, frozen=True):
    """Hide what somebody says, on this client only; with no name, list whom I ignore."""

    user: str = ""


class Unignore(Struct, frozen=True):
    """Show again what somebody says."""

    user: str


class Help(Struct, frozen=True):
    """Show the commands of one topic."""

    topic: str


OwnOrder = HistoryMore | HistoryBefore | Ignore | Unignore | Help
"""What needs neither a key nor a server."""

Order = (
    EncryptOn | EncryptClosed | EncryptUser | EncryptGroup | EncryptOff | EncryptPassphrase | EncryptAdd
    | EncryptRemove | EncryptStatus | EncryptRekey | EncryptReset | Held | HeldSend | HeldEdit | HeldDrop
    | Verify | TrustAccept | TrustBlock | ContactsExport | ContactsImport | Invite
    | HistoryMore | HistoryBefore | Ignore | Unignore | Help
)  # fmt: skip

OFF = "off"
"""What stands in the place of a passphrase where there is to be none."""
