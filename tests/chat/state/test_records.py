"""Records: everything a notice says is in them, and they come back from the journal as they went in."""

import typing

import msgspec
import pytest

from reactor_chat.chat.state.operator_records import Appointed, Dismissed, Expired, Granted, Invited, Removed, Uninvited
from reactor_chat.chat.state.records import (
    TOLD_AS_KEPT,
    BlobStored,
    Declined,
    Entered,
    GroupAltered,
    KeysPublished,
    MarkedRead,
    Record,
    notice_of,
)
from reactor_chat.wire import messages as m
from tests.chat.toy import record_decoder
from tests.wire.sealing_examples import NOTICES

RECORDS: list[tuple[Record, m.Notice | None]] = [
    (m.Said(1, 2, "Ann", "x", None, "1"), m.Said(1, 2, "Ann", "x", None, "1")),
    (m.Told(1, 2, "Ann", "Bob", None, {"a": [1]}), m.Told(1, 2, "Ann", "Bob", None, {"a": [1]})),
    (m.GroupSaid(1, 2, "Ann", "team", "x"), m.GroupSaid(1, 2, "Ann", "team", "x")),
    (Entered(1, 2, "Ann"), m.Joined(1, 2, "Ann")),
    (Entered(1, 2, "Ann", bytes(range(32))), m.Joined(1, 2, "Ann")),
    (m.Exited(1, 2, "Ann"), m.Exited(1, 2, "Ann")),
    (m.Released(1, 2, "Ann"), m.Released(1, 2, "Ann")),
    (
        GroupAltered(3, 2, "team", "added", "Ann", 1, "bob", ["Cy", "bob", "Ann"], "1"),
        m.GroupChanged(3, 2, "team", "added", "Ann", "bob", ["Ann", "bob", "Cy"]),
    ),
    (GroupAltered(3, 2, "team", "left", "Ann", 1, "Ann", []), m.GroupChanged(3, 2, "team", "left", "Ann", "Ann", [])),
    (GroupAltered(3, 2, "team", "deleted", "Ann", 1), m.GroupChanged(3, 2, "team", "deleted", "Ann")),
    (Declined(1, 2, "Ann", "1", "too_long", "words"), None),
    *((notice, notice) for notice in NOTICES if isinstance(notice, TOLD_AS_KEPT)),
    (KeysPublished(1, 2, "Ann", 1, [b"p", b"q"], b"r", 0, True, "1"), None),
    (BlobStored(1, 2, "Ann", bytes(range(32)), 0, 2, b"data", "1"), None),
    (MarkedRead(9, 2, "Ann", "pair/bob", 8), None),
    (Entered(1, 2, "Ann", bytes(range(32)), bytes(range(1, 33))), m.Joined(1, 2, "Ann")),
    (Granted(1, 2, "Ann", bytes(range(32))), None),
    (Invited(1, 2, bytes(range(32)), 3), None),
    (Uninvited(2, 2, 1), None),
    (Removed(2, 2, 1), None),
    (Removed(2, 2, 1, "Ann"), None),
    (Expired(2, 2, 1), None),
    (Appointed(2, 2, "Ann", on=True), None),
    (Dismissed(2, 2, "Bob", "Ann", "1"), None),
]


@pytest.mark.parametrize(("record", "notice"), RECORDS)
def test_what_people_are_told_of_a_record(record: Record, notice: m.Notice | None) -> None:
    assert notice_of(record) == notice


@pytest.mark.parametrize(("record", "notice"), RECORDS)
def test_a_record_comes_back_as_it_was(record: Record, notice: m.Notice | None) -> None:
    again = record_decoder.decode(msgspec.json.encode(record))
    assert again == record
    assert notice_of(again) == notice


def test_every_kind_of_record_is_tried_here() -> None:
    assert {type(record) for record, _ in RECORDS} == set(typing.get_args(Record))


def test_what_is_told_as_it_is_kept_and_what_has_a_number() -> None:
    assert {type(record) for record, notice in RECORDS if record is notice or record == notice} == set(TOLD_AS_KEPT)
    assert {kind for kind in m.NOTICES.values() if kind.__struct_fields__[:1] == ("seq",)} == {
        kind for kind in m.NOTICES.values() if issubclass(kind, m.Numbered)
    }
