"""No server is believed that a word is a name, and no message has both a text and something sealed."""

import typing
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from reactor_chat.errors import MessageInvalid, MessageUnknown
from reactor_chat.wire.codec import decode_notice, encode
from reactor_chat.wire.fields import SEQ_MAX, TIME_MAX
from reactor_chat.wire.messages import (
    NOTICES,
    RESERVED_WORDS,
    GroupOverview,
    NamesAnswer,
    PublishedKey,
    Said,
    SealAdd,
    SealAsked,
)
from reactor_chat.wire.sense import GROUPS, NAMES
from tests.wire.examples import NOTICES_

NO_NAMES = [
    "",
    "Bob, sealed",
    "Bob (private), encrypted:] x [",
    "é",
    "n" * 33,
    "Bob\n",
    " Bob",
    "\u212aim",
    "Bob\x1b[2J",
]
NOT_ABOUT_NAMES = {"server", "reason", "text", "code", "re", "change", "data", "id", "log"}
"""Fields that hold a text and no name: shown as the server's, or not at all."""

WITHIN = {"groups": GroupOverview, "keys": PublishedKey, "adds": SealAdd}


def fields_of_texts(kind: type) -> set[str]:
    """The fields of a notice that hold a text, several, or none, as the protocol writes them."""
    hints = typing.get_type_hints(kind, include_extras=False)
    return {
        field.name for field in msgspec.structs.fields(kind) if hints[field.name] in (str, str | None, list[str])
    } | {field.name for field in msgspec.structs.fields(kind) if hints[field.name] == list[str] | None}


@pytest.mark.parametrize("kind", [*NOTICES.values(), *WITHIN.values()], ids=lambda kind: kind.__name__)
def test_every_field_with_a_text_is_known_to_be_a_name_or_none(kind: type) -> None:
    known = {*NAMES.get(kind, ()), *(["group"] if kind in GROUPS else [])}
    assert fields_of_texts(kind) - NOT_ABOUT_NAMES == known


def notices_with(word: str) -> Iterator[tuple[str, bytes]]:
    """Every example with this word in the place of one name."""
    for notice in NOTICES_:
        yield from _replaced(type(notice).__name__, msgspec.to_builtins(notice), type(notice), word)
        if isinstance(notice, Said):
            page = {"type": "history", "messages": [{**msgspec.to_builtins(notice), "from": word}], "more": False}
            yield "HistoryAnswer.messages", msgspec.json.encode(page)


def _replaced(where: str, written: dict[str, Any], kind: type, word: str) -> Iterator[tuple[str, bytes]]:
    for field in (*NAMES.get(kind, ()), *(["group"] if kind in GROUPS else [])):
        key = next(one.encode_name for one in msgspec.structs.fields(kind) if one.name == field)
        if key in written:
            value = [*written[key], word] if isinstance(written[key], list) else word
            yield f"{where}.{field}", msgspec.json.encode({**written, key: value})
    for key, inner in WITHIN.items():
        for item in written.get(key, [])[:1]:
            for name, payload in _replaced(f"{where}.{key}", item, inner, word):
                yield name, msgspec.json.encode({**written, key: [msgspec.json.decode(payload)]})


@pytest.mark.parametrize("word", NO_NAMES)
def test_what_is_no_name_is_taken_for_one_nowhere(word: str) -> None:
    for where, payload in notices_with(word):
        with pytest.raises(MessageInvalid):
            assert decode_notice(payload) is None, where


def test_what_is_a_name_is_taken_for_one_everywhere() -> None:
    found = [where for where, payload in notices_with("Zoe_9") if decode_notice(payload)]
    assert len(found) > len(NAMES)


@pytest.mark.parametrize("word", sorted(RESERVED_WORDS))
def test_a_group_is_called_by_no_reserved_word(word: str) -> None:
    """`[Bob (private):]` would be a private message's line."""
    for shown in (word, word.upper()):
        for where, payload in notices_with(shown):
            if where.endswith(".group"):
                with pytest.raises(MessageInvalid):
                    decode_notice(payload)
            else:
                decode_notice(payload)


SEALED = {"v": 1}


@pytest.mark.parametrize(
    "notice", [one for one in NOTICES_ if hasattr(one, "sealed")], ids=lambda one: type(one).__name__
)
def test_a_message_has_a_text_or_something_sealed(notice: Any) -> None:
    written = msgspec.to_builtins(notice)
    written.pop("text", None)
    written.pop("sealed", None)
    wrong = [written, {**written, "text": "x", "sealed": SEALED}]
    for message in wrong:
        for payload in (message, {"type": "history", "messages": [message], "more": False}):
            with pytest.raises(MessageInvalid):
                decode_notice(msgspec.json.encode(payload))
    for message in ({**written, "text": "x"}, {**written, "sealed": SEALED}):
        decode_notice(msgspec.json.encode({"type": "history", "messages": [message], "more": False}))


@pytest.mark.parametrize(("seq", "at"), [(0, 0), (SEQ_MAX, TIME_MAX)])
def test_numbers_and_times_within_their_range(seq: int, at: int) -> None:
    assert decode_notice(encode(SealAsked(seq, at, "Bob"))) == SealAsked(seq, at, "Bob")


@pytest.mark.parametrize(("seq", "at"), [(-1, 0), (SEQ_MAX + 1, 0), (0, -1), (0, TIME_MAX + 1), (10**30, 0)])
def test_numbers_and_times_out_of_it(seq: int, at: int) -> None:
    with pytest.raises(MessageInvalid):
        decode_notice(b'{"type":"said","seq":%d,"at":%d,"from":"Bob","text":"x"}' % (seq, at))


def test_what_a_newer_server_says_is_not_nonsense() -> None:
    with pytest.raises(MessageUnknown):
        decode_notice(b'{"type":"of the future","re":"1"}')


@pytest.mark.parametrize(
    ("payload", "request_id"),
    [
        (b'{"type":"names","names":[1],"re":"7"}', "7"),
        (encode(NamesAnswer(["Bob, sealed"], "7")), "7"),
        (b'{"type":"names","names":[1],"re":7}', None),
        (b'{"type":"names","names":[1]}', None),
        (b'{"type":7,"re":"7"}', "7"),
        (b'{"re":"7"}', "7"),
        (b"[]", None),
        (b"no JSON", None),
        (b"\xff", None),
    ],
)
def test_nonsense_says_what_it_answers_where_that_can_be_read(payload: bytes, request_id: str | None) -> None:
    with pytest.raises(MessageInvalid) as caught:
        decode_notice(payload)
    assert not isinstance(caught.value, MessageUnknown)
    assert caught.value.request_id == request_id
