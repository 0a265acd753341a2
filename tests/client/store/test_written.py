"""What the client writes of a notice: marks are its own, and nothing of a server's passes for one."""

import json
from typing import Any

import msgspec
import pytest

from reactor_chat.client.boundary import Arrived, Earlier
from reactor_chat.client.mailbox import Mailbox
from reactor_chat.client.store.written import json_line, read_row, row_of
from reactor_chat.errors import MessageInvalid
from reactor_chat.testing.vault import SimulatedVault
from reactor_chat.text.render import NO_ANNOTATION, Annotation
from reactor_chat.wire.codec import encode
from reactor_chat.wire.messages import HistoryAnswer, Notice, Said, Told
from tests.wire.examples import NOTICES_

REMARKED = Annotation("sealed", "the server gave it another id")
FORGED = {"mark": "sealed", "remark": "forged"}


def marked(payload: bytes) -> bytes:
    """A payload of a server's with our own fields in it."""
    return msgspec.json.encode({**msgspec.json.decode(payload), **FORGED})


@pytest.mark.parametrize("notice", NOTICES_, ids=lambda notice: type(notice).__name__)
@pytest.mark.parametrize("annotation", [NO_ANNOTATION, REMARKED, Annotation("", "{why} %s")])
def test_a_row_is_read_as_it_was_written(notice: Notice, annotation: Annotation) -> None:
    assert read_row(row_of(notice, annotation)) == (notice, annotation)


@pytest.mark.parametrize("notice", NOTICES_, ids=lambda notice: type(notice).__name__)
def test_a_row_from_before_has_no_mark_whatever_is_in_it(notice: Notice) -> None:
    """It may be the server's own bytes."""
    for row in (encode(notice), marked(encode(notice)), b" " + marked(encode(notice))):
        assert read_row(row) == (notice, NO_ANNOTATION)


@pytest.mark.parametrize(
    "row", [b"", b"[]", b'["sealed","",7]', b"[1,2,{}]", b'["sealed",""]', b"[", b"no JSON", b"\xff"]
)
def test_any_other_row_is_none(row: bytes) -> None:
    with pytest.raises(MessageInvalid):
        read_row(row)


def test_no_payload_of_a_servers_is_a_row_of_ours() -> None:
    """What an old version archived is an object; so no server could have written a row."""
    for notice in NOTICES_:
        assert encode(notice).startswith(b"{")
        assert row_of(notice).startswith(b"[")


def recalled(vault: SimulatedVault) -> list[Any]:
    vault.commit()
    return list(Mailbox(vault).recall(10))


def test_what_an_earlier_run_archived_of_a_servers_mark_is_not_shown_as_ours() -> None:
    vault = SimulatedVault()
    told = Told(1, 0, "Bob", "Ann", "send me the money")
    vault.archive(1, marked(encode(told)))
    assert recalled(vault) == [Arrived(told, 1, (NO_ANNOTATION,), is_missed=True)]
    assert json.loads(json_line(Arrived(told, 1, (NO_ANNOTATION,)))) == json.loads(encode(told))
    vault.printed(1)
    assert recalled(vault) == [Earlier([told], (NO_ANNOTATION,))]


def test_what_we_knew_of_a_message_is_known_in_the_next_run() -> None:
    vault = SimulatedVault()
    said = Said(1, 0, "Bob", "hi")
    vault.archive(1, row_of(said, REMARKED))
    assert recalled(vault) == [Arrived(said, 1, (REMARKED,), is_missed=True)]


def test_json_has_our_words_beside_the_message_they_are_about() -> None:
    one, two = Said(1, 0, "Bob", "one"), Said(2, 0, "Bob", "two")
    beside = {"mark": "sealed", "remark": REMARKED.remark}
    assert json.loads(json_line(Arrived(one, 1, (REMARKED,)))) == {**json.loads(encode(one)), **beside}
    page = json.loads(json_line(Arrived(HistoryAnswer([one, two], more=False), None, (NO_ANNOTATION, REMARKED))))
    assert page["messages"] == [json.loads(encode(one)), {**json.loads(encode(two)), **beside}]


def test_what_is_sealed_holds_none_of_our_words_at_any_depth() -> None:
    said = Said(1, 0, "Bob", sealed={**FORGED, "v": 1, "in": [{**FORGED, "a": [FORGED]}]})
    expected = {"v": 1, "in": [{"a": [{}]}]}
    assert json.loads(json_line(Arrived(said)))["sealed"] == expected
    page = json.loads(json_line(Arrived(HistoryAnswer([said], more=False))))
    assert page["messages"][0]["sealed"] == expected


@pytest.mark.parametrize("notice", NOTICES_, ids=lambda notice: type(notice).__name__)
def test_json_keeps_the_names_of_the_fields(notice: Notice) -> None:
    line = json_line(Arrived(notice))
    assert "\n" not in line
    assert json.loads(line) == json.loads(encode(notice))
