"""Lists of contacts: what was signed is read back, and whatever was changed or is none has one line to say so."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reactor_chat.e2ee.trust.contacts import FILE_BYTES_MAX, MADE_MS_MAX, Contact, Contacts, read, write
from reactor_chat.errors import MlsError, MlsMalformed, MlsRefused
from reactor_chat.mls.signatures import Ed25519, SigningKey

ANN, EVE = (SigningKey(Ed25519(), bytes([number]) * 32) for number in (1, 2))
LIST = Contacts("Ann", ANN.public_key, "SHA256:pin", 7, (Contact("Bob", bytes(range(32))), Contact("Cid", b"k" * 32)))
FILE = write(LIST, ANN)

NAMES = st.from_regex(r"[a-z0-9_]{1,32}", fullmatch=True)
CONTACTS = st.lists(st.builds(Contact, NAMES, st.binary(min_size=32, max_size=32)), unique_by=lambda one: one.name)


@given(NAMES, st.text("abc:/+=", max_size=100), st.integers(0, MADE_MS_MAX), CONTACTS)
@settings(max_examples=50)
def test_what_was_written_is_read(name: str, server: str, made_ms: int, contacts: list[Contact]) -> None:
    wanted = Contacts(name, ANN.public_key, server, made_ms, tuple(contacts))
    assert read(write(wanted, ANN)) == wanted


def test_a_person_can_read_it() -> None:
    assert json.loads(FILE)["contacts"][0]["name"] == "Bob"
    assert FILE.count(b"\n") > 5


CHANGES = {
    "name": "Bob",
    "key": write(Contacts("Ann", EVE.public_key, "", 7, ()), EVE).decode().split('"key": "')[1].split('"')[0],
    "server": "SHA256:other",
    "made_ms": 8,
    "contacts": [],
}


@pytest.mark.parametrize("field", CHANGES)
def test_every_field_is_signed(field: str) -> None:
    with pytest.raises(MlsRefused, match="changed since it was signed"):
        read(json.dumps(json.loads(FILE) | {field: CHANGES[field]}).encode())


def test_the_names_and_keys_of_contacts_are_signed() -> None:
    for at, field, other in ((0, "name", "Bo"), (1, "key", json.loads(FILE)["contacts"][0]["key"])):
        changed = json.loads(FILE)
        changed["contacts"][at][field] = other
        with pytest.raises(MlsRefused):
            read(json.dumps(changed).encode())


def test_only_the_key_that_it_names_can_have_signed_it() -> None:
    forged = json.loads(FILE) | {
        "signature": json.loads(write(Contacts("Ann", EVE.public_key, "", 7, ()), EVE))["signature"]
    }
    with pytest.raises(MlsRefused):
        read(json.dumps(forged).encode())


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not a list of contacts"),
        (b"\xff\xfe", "not a list of contacts"),
        (b"[]", "not a list of contacts"),
        (b"[" * 100_000, "not a list of contacts"),
        (b'{"reactor_chat_contacts": 1}', "not a list of contacts"),
        (b'{"reactor_chat_contacts": 2, "anything": 0}', "version 2"),
        (b" " * (FILE_BYTES_MAX + 1), "longer than"),
        (FILE[:-9], "not a list of contacts"),
        (FILE.replace(b'"made_ms"', b'"made"'), "not a list of contacts"),
        (FILE.replace(b'"Bob"', b'"B b"'), "names that nobody can have"),
        (FILE.replace(b'"Bob"', b'"cid"'), "one twice"),
    ],
)
def test_what_is_no_list_is_told_in_one_line(data: bytes, said: str) -> None:
    with pytest.raises(MlsMalformed) as told:
        read(data)
    assert said in str(told.value)
    assert "\n" not in str(told.value)


@given(st.integers(0, len(FILE) - 1), st.integers(0, 255))
@settings(max_examples=200)
def test_no_byte_can_be_changed_to_another_list(at: int, byte: int) -> None:
    changed = FILE[:at] + bytes([byte]) + FILE[at + 1 :]
    try:
        found = read(changed)
    except MlsError:
        return
    assert found == LIST
