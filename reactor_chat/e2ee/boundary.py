"""What crosses between a session and the engine it lives in: orders and notices in, one `Outcome` out.

How an engine uses a session.  It makes one for each claimed name (a guest has no keys and no session), gives it its
vault's store, and tells it everything:

- `did(request, now)` for every request about a group that a person typed: whom the owner of a group named is what
  decides who reads there.
- `said(request, now)` for every `say`, `tell`, `group_send` a person typed, with its `id`.  What may leave comes back
  in `Outcome.messages`, now or later or never: the outbox takes these types and no other, so what is held cannot leave.
- `ordered(order, now)` for `@encrypt`, `@verify`, `@trust`, `@contacts`.
- `noticed(notice, now)` for every notice once, numbered ones in the order of their numbers, replayed ones too.  True
  means: do not show it, `Outcome.shown` says what to show, now or later.
- `logged_in(now)` after `welcome`, `cut()` when the connection ended, `derived(job, key, now)` when a child process
  finished, `tick(now)` at `next_deadline`.

Then `take()`: everything it wrote into the store is committed together with the vault *before* any of the outcome is
obeyed, in the order of the fields.
"""

from enum import Enum
from typing import NamedTuple

from msgspec import Struct

from reactor_chat.e2ee.outgoing import Plain, Sealed
from reactor_chat.wire.conversation import Conversation, Heard
from reactor_chat.wire.messages import Kdf, Request

# ------------------------------------------------------------------------------------------------------ orders in


class Arm(NamedTuple):
    """`@encrypt on`, `@encrypt user`, `@group encrypt`: seal what I say there from now on.

    Attributes:
        passphrase: who lets themselves in has to know it; None for none.
        is_closed: of the room: only those on our list may read.
        names: whom our list has, where the person names them; None leaves it to what is there.
    """

    conversation: Conversation
    passphrase: str | None = None
    is_closed: bool = False
    names: tuple[str, ...] | None = None

    def __repr__(self) -> str:
        return f"Arm({self.conversation.in_words})"


class Disarm(NamedTuple):
    """`@encrypt off`: what I say there is plain again; `for_everybody` ends it at the server too, where I may."""

    conversation: Conversation
    for_everybody: bool = False


class Rekey(NamedTuple):
    """`@encrypt rekey`: fresh keys of mine."""

    conversation: Conversation


class Reset(NamedTuple):
    """`@encrypt reset`: begin anew on the same terms, with fresh keys of everybody; the way out of what is frozen."""

    conversation: Conversation


class SetPassphrase(NamedTuple):
    """`@encrypt passphrase`: begin anew with another passphrase, or (None) without one."""

    conversation: Conversation
    passphrase: str | None

    def __repr__(self) -> str:
        return f"SetPassphrase({self.conversation.in_words})"


class Let(NamedTuple):
    """`@encrypt add`: put people on the list of the closed room; `@encrypt remove` takes them off."""

    names: tuple[str, ...]
    is_in: bool


class HeldAction(Enum):
    """What is to become of lines that were typed and have not left."""

    LIST = "list"
    SEND = "send"
    EDIT = "edit"
    DROP = "drop"


class Held(NamedTuple):
    """`@held`: list, send, edit or drop lines that have not left; all of them where no number is given."""

    action: HeldAction = HeldAction.LIST
    number: int | None = None


class AskStatus(NamedTuple):
    """`@encrypt status`."""

    conversation: Conversation


class Verify(NamedTuple):
    """`@verify <name> [digits, words or a code]`: show or compare a safety number; without a name, list everybody."""

    name: str = ""
    digits: str | None = None


class Accept(NamedTuple):
    """`@trust accept <name> [digits, words or a code]`: the key they are of, or the one shown last, is theirs."""

    name: str
    digits: str | None = None


class Block(NamedTuple):
    """`@trust block <name>`: nothing is sent where they are."""

    name: str


class ExportContacts(NamedTuple):
    """`@contacts export`: write whom I verified into a file, signed; `server` is its pin, empty where it has none."""

    path: str
    server: str = ""


class ImportContacts(NamedTuple):
    """`@contacts import`: take what such a file holds."""

    data: bytes
    server: str = ""

    def __repr__(self) -> str:
        return f"ImportContacts({len(self.data)} bytes)"


Order = (
    Arm | Disarm | Rekey | Reset | SetPassphrase | Let | AskStatus | Verify | Accept | Block | Held
    | ExportContacts | ImportContacts
)  # fmt: skip

# ------------------------------------------------------------------------------------------------------ outcomes out


class Mark(Enum):
    """What is known about the message beside it."""

    SEALED = "sealed"  # opened, and its sender and order hold
    NEW_KEY = "new key"  # the same, but by a key that is not the one we know as its sender's
    PLAIN = "plain"  # came in plain text into a conversation that is sealed for us
    UNREADABLE = "unreadable"  # cannot be opened, the note says why
    UNKNOWN = "unknown"  # opened, but of a kind that this version does not know, or without text


class Shown(NamedTuple):
    """A message as it may be shown and archived, under its own number; perhaps later than that number came.

    Attributes:
        notice: with `text` where there is one to show, else as it came; never both.
        mark: what is known about it.
        remark: one line beside it, empty where there is nothing to say.
        is_verified: the person whose name is shown is verified: the sender, or to whom one's own message went.
    """

    notice: Heard
    mark: Mark
    remark: str = ""
    is_verified: bool = False


class NoteKind(Enum):
    """Why a session has something to say."""

    ANSWER = "answer"  # to an order
    NEWS = "news"  # members, keys, refreshes
    ALARM = "alarm"  # something does not hold; a person should look


class QrCode(NamedTuple):
    """Beside a note: what a terminal may show as a QR code, in the letters that make the smallest one.

    Attributes:
        text: what the code says.
        caption: short lines to stand beside it, so that what it stands for is seen without scrolling.
    """

    text: str
    caption: tuple[str, ...] = ()


class ContactsFile(NamedTuple):
    """Beside a note: what is to be written first; the note is true only if that succeeds."""

    path: str
    data: bytes

    def __repr__(self) -> str:
        return f"ContactsFile({self.path!r}, {len(self.data)} bytes)"


class Note(NamedTuple):
    """One line for a person; `conversation` is None where it is about a key."""

    kind: NoteKind
    text: str
    conversation: Conversation | None = None
    beside: QrCode | ContactsFile | None = None


class Derive(NamedTuple):
    """Asked for: compute `passphrase.derive(passphrase, salt, kdf)` in a child process and say `derived(job, key)`."""

    job: int
    passphrase: str
    salt: bytes
    kdf: Kdf

    def __repr__(self) -> str:
        return f"Derive(job={self.job})"


class Outcome(NamedTuple):
    """What is to be done, in this order, once everything is committed.

    Attributes:
        messages: for the outbox, kept until they are answered.
        requests: questions of its own; send on this connection or forget, the session asks again after the next login.
        shown: for the archive and the screen.
        notes: lines for the person.
        jobs: for child processes.
        drafts: lines that the person wants to edit.
    """

    messages: list[Sealed | Plain]
    requests: list[Request]
    shown: list[Shown]
    notes: list[Note]
    jobs: list[Derive]
    drafts: list[str]


class Posture(Enum):
    """What becomes of a line that is typed now, as the prompt says."""

    PLAIN = "plain"
    WAITING = "waiting"  # it will be sealed, as soon as there are keys
    SEALED = "sealed"
    HELD = "held"  # something is wrong; the line will not leave


class Unsent(NamedTuple):
    """A line that was typed and has not left.

    Attributes:
        conversation: where it was typed.
        request_id: of the request that will carry it.
        text: as it was typed.
        number: by which a person calls it in `Held`.
        reason: why it has not left, in words for a person; empty where it is only on its way.
        needs_person: it leaves only when the person does something, or says so.
    """

    conversation: Conversation
    request_id: str
    text: str
    number: int
    reason: str
    needs_person: bool


class Settings(Struct, frozen=True):
    """What a session is told once.

    Attributes:
        name: one's own name.
        seed: of the account key, 32 secret bytes.
        wall_ms_at_zero: wall clock, milliseconds since 1970, at the instant that `now` calls 0.
        private_is_sealed: private messages and those to groups are sealed or held without being told.
        refresh_seconds_max: age of one's own keys in a group at which they are renewed.
        refresh_messages_max: own messages after which they are.
        turn_seconds: how long each member waits for those before it to make a commit that is wanted.
        introductions: names and fingerprints of keys in the invitation by which one came.
    """

    name: str
    seed: bytes
    wall_ms_at_zero: int = 0
    private_is_sealed: bool = True
    refresh_seconds_max: float = 86_400.0
    refresh_messages_max: int = 200
    turn_seconds: float = 0.3
    introductions: tuple[tuple[str, bytes], ...] = ()

    def __repr__(self) -> str:
        return f"Settings({self.name})"
