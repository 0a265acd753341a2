"""A person's verified contacts as a file that another home can check: names and keys, signed by the account key.

The file is JSON, so that a person can look into it; what is signed is not the JSON but one fixed encoding of what it
says, behind a label of its own:

    "reactor-chat contacts v1" 0
    32 bytes      the account key of whoever signed
    field         their name            a field is its length in two bytes, and UTF-8
    field         the server's pin, empty where it has none
    8 bytes       when it was made, milliseconds since 1970
    4 bytes       how many contacts follow; each is
    field         a name
    32 bytes      an account key

Names belong to one server, so a file counts on that server only.
"""

from typing import Annotated

import msgspec

from reactor_chat.e2ee.trust.trust_book import NAMES_MAX
from reactor_chat.errors import MlsError, MlsMalformed, MlsRefused
from reactor_chat.mls.signatures import Ed25519, SigningKey
from reactor_chat.wire.messages import fold, is_name

VERSION = 1  # of the file
FILE_BYTES_MAX = 2_000_000
"""More than a whole trust book takes."""

MADE_MS_MAX = 2**53
"""What every program that reads JSON can count to."""

_LABEL = b"reactor-chat contacts v1\x00"
_KEY_BYTES, _SIGNATURE_BYTES = 32, 64  # of Ed25519
_PIN_CHARS_MAX = 100  # a pin has 51: `SHA256:` and the base64 of 32 bytes

_Key = Annotated[bytes, msgspec.Meta(min_length=_KEY_BYTES, max_length=_KEY_BYTES)]


class Contact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody, and their account key."""

    name: str
    key: _Key


class Contacts(msgspec.Struct, frozen=True):
    """What a file says.

    Attributes:
        name: whose contacts these are.
        key: their account key, which signed.
        server: the pin of the server where the names are known, empty where it has none.
        made_ms: when the file was made, milliseconds since 1970.
        contacts: whom they verified.
    """

    name: str
    key: bytes
    server: str
    made_ms: int
    contacts: tuple[Contact, ...]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reactor_chat_contacts: int
    name: str
    key: _Key
    server: Annotated[str, msgspec.Meta(max_length=_PIN_CHARS_MAX)]
    made_ms: Annotated[int, msgspec.Meta(ge=0, le=MADE_MS_MAX)]
    contacts: Annotated[list[Contact], msgspec.Meta(max_length=NAMES_MAX)]
    signature: Annotated[bytes, msgspec.Meta(min_length=_SIGNATURE_BYTES, max_length=_SIGNATURE_BYTES)]


class _Version(msgspec.Struct, frozen=True):
    reactor_chat_contacts: int


def write(contacts: Contacts, signing_key: SigningKey) -> bytes:
    """Return the file, one contact a line.

    Args:
        contacts: what it holds.
        signing_key: our account key.
    """
    assert signing_key.public_key == contacts.key
    signature = signing_key.sign(_signed(contacts))
    file = _File(
        VERSION, contacts.name, contacts.key, contacts.server, contacts.made_ms, list(contacts.contacts), signature
    )
    return msgspec.json.format(msgspec.json.encode(file), indent=1) + b"\n"


def read(data: bytes) -> Contacts:
    """Return what a file says, once its signature holds; that the signer is anybody's friend is not looked at here.

    Raises:
        MlsMalformed: it is no such file, or too long, or of another version; the text says which, for a person.
        MlsRefused: it was changed since it was signed.
    """
    if len(data) > FILE_BYTES_MAX:
        raise MlsMalformed(f"The file is longer than {FILE_BYTES_MAX} bytes; it is not a list of contacts")
    try:
        version = msgspec.json.decode(data, type=_Version).reactor_chat_contacts
        if version != VERSION:
            raise MlsMalformed(f"The file is of version {version}, and this client reads version {VERSION}. Update it")
        file = msgspec.json.decode(data, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise MlsMalformed("The file is not a list of contacts. Make one with @contacts export FILE") from None
    contacts = Contacts(file.name, file.key, file.server, file.made_ms, tuple(file.contacts))
    _check(contacts, file.signature)
    return contacts


def _check(contacts: Contacts, signature: bytes) -> None:
    names = [contact.name for contact in contacts.contacts]
    if not all(map(is_name, (contacts.name, *names))) or len(set(map(fold, names))) != len(names):
        raise MlsMalformed("The file has names that nobody can have, or one twice. Ask for another one")
    try:
        Ed25519().verify(contacts.key, signature, _signed(contacts))
    except MlsError:
        raise MlsRefused("The file was changed since it was signed. Ask for another one") from None


def _signed(contacts: Contacts) -> bytes:
    head = (_LABEL, contacts.key, _field(contacts.name), _field(contacts.server), contacts.made_ms.to_bytes(8))
    rows = (_field(contact.name) + contact.key for contact in contacts.contacts)
    return b"".join((*head, len(contacts.contacts).to_bytes(4), *rows))


def _field(text: str) -> bytes:
    data = text.encode()
    return len(data).to_bytes(2) + data
