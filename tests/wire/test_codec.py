"""Any bytes are a message or one declared error; what a message says is what comes out at the other end."""

import json
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.errors import MessageInvalid
from reactor_chat.wire.codec import (
    DEPTH_MAX,
    REASON_CHARS_MAX,
    SEALED_BYTES_MAX,
    SEALED_DEPTH_MAX,
    decode_notice,
    decode_request,
    depth_of,
    encode,
)
from reactor_chat.wire.framing import FRAME_BYTES_MAX
from reactor_chat.wire.messages import NOTICES, REQUESTS, AskHistory, Login, Notice, Ping, Request, Say
from tests.wire.examples import NOTICES_, REQUESTS_, SEALED

Decode = Callable[[bytes], Request | Notice]
BOTH = pytest.mark.parametrize("decode", [decode_request, decode_notice])


def reason(payload: bytes, decode: Decode = decode_request) -> str:
    """Decode what must not be decoded; returns the error's text."""
    with pytest.raises(MessageInvalid) as caught:
        decode(payload)
    return str(caught.value)


def nested(levels: int, inside: str = "") -> bytes:
    """A ping so many levels deep, itself included, in a field nobody knows."""
    return f'{{"type":"ping","x":{"[" * (levels - 1)}{inside}{"]" * (levels - 1)}}}'.encode()


# ------------------------------------------------------------------------------------------------ there and back


@pytest.mark.parametrize("request_", REQUESTS_, ids=lambda r: type(r).__name__)
def test_every_request_comes_back(request_: Request) -> None:
    assert decode_request(encode(request_)) == request_


@pytest.mark.parametrize("notice", NOTICES_, ids=lambda n: type(n).__name__)
def test_every_notice_comes_back(notice: Notice) -> None:
    assert decode_notice(encode(notice)) == notice


@pytest.mark.parametrize("message", [*REQUESTS_, *NOTICES_], ids=lambda m: type(m).__name__)
def test_any_json_reader_reads_what_is_written(message: Request | Notice) -> None:
    written = json.loads(encode(message).decode("utf-8"))
    assert written["type"] in {**REQUESTS, **NOTICES}
    again = json.dumps(written, ensure_ascii=True, indent=1).encode()
    decode = decode_request if type(message) in REQUESTS.values() else decode_notice
    assert decode(again) == message


def test_names_on_the_wire_are_those_of_the_protocol() -> None:
    assert encode(AskHistory(20, 5, "Ann", id="1")) == b'{"type":"history","limit":20,"before":5,"with":"Ann","id":"1"}'
    assert encode(NOTICES_[5]) == b'{"type":"said","seq":7,"at":1700000000000,"from":"John","text":"hi","id":"i"}'
    assert encode(Login("J", 1, bytes(32))) == b'{"type":"login","name":"J","protocol":1,"key":"' + b"A" * 43 + b'="}'


@given(
    st.text(st.characters(codec="utf-8")), st.none() | st.text(st.characters(codec="utf-8"), min_size=1, max_size=64)
)
def test_any_text_comes_back(text: str, request_id: str | None) -> None:
    assert decode_request(encode(Say(text, id=request_id))) == Say(text, id=request_id)


def test_unknown_fields_are_ignored() -> None:
    assert decode_request(b'{"new":{"a":[1,"\\u00fc\\ud83c\\udf89"]},"type":"ping","data":"x","newer":null}') == Ping(
        "x"
    )


# ---------------------------------------------------------------------------------------------------- total


@BOTH
@given(payload=st.binary())
def test_any_bytes_are_a_message_or_a_declared_error(decode: Decode, payload: bytes) -> None:
    attempt(decode, payload)


def attempt(decode: Decode, payload: bytes) -> None:
    """Decode: what comes of it can be written again; nothing but MessageInvalid is raised, and it fits a refusal."""
    try:
        message = decode(payload)
    except MessageInvalid as error:
        assert 0 < len(str(error)) <= REASON_CHARS_MAX  # noqa: PT017  either way is right
        return
    assert decode(encode(message)) == message


valid = st.sampled_from([encode(message) for message in [*REQUESTS_, *NOTICES_]])
snippets = st.sampled_from(
    [b"", b'"', b"\\", b"\\ud800", b"\\u0000", b"{", b"}", b"[", b"]", b",", b":", b"null", b"true", b"-", b"1e999",
     b"0.5", b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\xef\xbb\xbf", b"\0", b"9" * 25, b'"type":', b'"id":',
     b'"sealed":{}', b" " * 9]
)  # fmt: skip


@BOTH
@given(data=st.data())
def test_a_message_with_a_fault_is_a_message_or_a_declared_error(decode: Decode, data: st.DataObject) -> None:
    payload = bytearray(data.draw(valid))
    for _ in range(data.draw(st.integers(1, 4))):
        begin = data.draw(st.integers(0, len(payload)))
        payload[begin : begin + data.draw(st.integers(0, 6))] = data.draw(snippets)
    attempt(decode, bytes(payload))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(), inside, max_size=4),
    max_leaves=12,
)


@BOTH
@given(data=st.data())
def test_any_value_in_any_field_is_a_message_or_a_declared_error(decode: Decode, data: st.DataObject) -> None:
    message = json.loads(data.draw(valid))
    field = data.draw(st.sampled_from(sorted(message)))
    message[field] = data.draw(json_values)
    attempt(decode, json.dumps(message).encode("utf-8", "surrogatepass"))


# ---------------------------------------------------------------------------------------- what is no message

NO_JSON_OBJECT = {
    "empty": b"",
    "blank": b" ",
    "null": b"null",
    "number": b"7",
    "string": b'"ping"',
    "array": b'[{"type":"ping"}]',
    "two objects": b'{"type":"ping"}{"type":"ping"}',
    "cut short": b'{"type":"ping"',
    "a byte more": b'{"type":"ping"}\0',
    "byte order mark": b'\xef\xbb\xbf{"type":"ping"}',
    "UTF-16": '{"type":"ping"}'.encode("utf-16"),
    "UTF-16 without a mark": '{"type":"ping"}'.encode("utf-16-le"),
    "comment": b'{"type":"ping"/**/}',
    "comma too many": b'{"type":"ping",}',
    "single quotes": b"{'type':'ping'}",
    "NaN": b'{"type":"ping","x":NaN}',
    "Infinity": b'{"type":"ping","x":-Infinity}',
    "leading zero": b'{"type":"history","limit":007}',
    "hexadecimal": b'{"type":"history","limit":0x7}',
    "plus": b'{"type":"history","limit":+7}',
    "bare control character": b'{"type":"ping","x":"a\nb"}',
    "unknown escape": b'{"type":"ping","x":"\\q"}',
    "half an escape": b'{"type":"ping","x":"\\u12"}',
}

NO_TEXT = {
    "not UTF-8": b"\xff",
    "overlong": b"\xc0\xaf",
    "surrogate": b"\xed\xa0\x80",
    "above Unicode": b"\xf4\x90\x80\x80",
    "cut short": b"\xe2\x82",
    "lone high surrogate": b"\\ud800",
    "lone low surrogate": b"\\udfff",
    "two high ones": b"\\ud800\\ud800",
    "high, then a letter": b"\\ud83cx",
}


@pytest.mark.parametrize("payload", NO_JSON_OBJECT.values(), ids=NO_JSON_OBJECT)
def test_what_is_no_json_object_is_no_message(payload: bytes) -> None:
    assert reason(payload)
    assert reason(payload, decode_notice)


@pytest.mark.parametrize("fault", NO_TEXT.values(), ids=NO_TEXT)
@pytest.mark.parametrize("place", [
    b'{"type":"ping","data":"%s"}', b'{"type":"ping","id":"%s"}', b'{"type":"ping","x":"%s"}',
    b'{"type":"ping","%s":1}', b'{"type":"ping","x":[{"y":["%s"]}]}',
    b'{"type":"say","text":"%s"}', b'{"type":"say","sealed":{"a":"%s"}}',
    b'{"type":"say","sealed":{"%s":1}}', b'{"type":"%s"}', b'{"type":"login","name":"%s","protocol":1}',
    b'{"type":"group_set","group":"g","members":["a","%s"]}',
])  # fmt: skip
def test_what_is_no_text_is_refused_wherever_it_stands(place: bytes, fault: bytes) -> None:
    assert reason(place % fault)


WRONG_FIELDS = {
    "type": [b'{}', b'{"text":"x"}', b'{"type":null}', b'{"type":7}', b'{"type":"nonsense"}', b'{"type":"said"}',
             b'{"type":"ping","type":"say","text":"x"}'],
    "text": [b'{"type":"say"}', b'{"type":"say","text":7}', b'{"type":"say","text":null}', b'{"type":"line"}',
             b'{"type":"say","text":["x"]}', b'{"type":"say","text":"x","sealed":{}}'],
    "sealed": [b'{"type":"say","sealed":[]}', b'{"type":"say","sealed":"x"}', b'{"type":"tell","to":"a","sealed":1}',
               b'{"type":"say","sealed":{"a":1e400}}', b'{"type":"say","sealed":{"a":' + b"9" * 5_000 + b"}}"],
    "id": [b'{"type":"ping","id":5}', b'{"type":"ping","id":""}', b'{"type":"ping","id":"' + b"i" * 65 + b'"}',
           b'{"type":"ping","id":true}'],
    "limit": [b'{"type":"history","limit":%s}' % v for v in (
        b"0", b"201", b"-1", b"1.5", b"1.0", b"1e1", b'"10"', b"true", b"null", b"[]", b"1e400", b"9" * 5_000,
        b"9" * 25)],
    "before": [b'{"type":"history","before":%s}' % v for v in (b"-1", b"true", b"9007199254740992", b"1e3", b"{}")],
    "with": [b'{"type":"history","with":7}', b'{"type":"history","with":"a","group":"b"}'],
    "data": [b'{"type":"ping","data":7}', b'{"type":"ping","data":"' + b"x" * 65 + b'"}'],
    "to": [b'{"type":"tell","text":"x"}', b'{"type":"tell","to":null,"text":"x"}'],
    "members": [b'{"type":"group_set","group":"g"}', b'{"type":"group_set","group":"g","members":"a"}',
                b'{"type":"group_set","group":"g","members":[7]}', b'{"type":"group_set","group":"g","members":{}}'],
    "name": [b'{"type":"login","protocol":1}', b'{"type":"login","name":7,"protocol":1}'],
    "protocol": [b'{"type":"login","name":"a"}', b'{"type":"login","name":"a","protocol":"1"}',
                 b'{"type":"login","name":"a","protocol":true}', b'{"type":"login","name":"a","protocol":1.0}'],
    "key": [b'{"type":"login","name":"a","protocol":1,"key":"%s"}' % v for v in (
        b"", b"AAAA", b"A" * 43, b"A" * 44, b"-" * 43 + b"=", b" " * 43 + b"=")],
    "signature": [b'{"type":"login","name":"a","protocol":1,"signature":"%s"}' % v for v in (b"", b"AAAA", b"A" * 88)],
    "after": [b'{"type":"login","name":"a","protocol":1,"after":%s}' % v for v in (b"-1", b"true", b"1.5", b'"1"')],
}  # fmt: skip


@pytest.mark.parametrize(("field", "payload"), [(f, p) for f, ps in WRONG_FIELDS.items() for p in ps])
def test_the_refusal_names_the_field(field: str, payload: bytes) -> None:
    assert field in reason(payload)


@pytest.mark.parametrize("payload", [
    b'{"type":"say","text":7,"id":"q"}', b'{"id":"q"}', b'{"type":"nope","id":"q"}',
    b'{"id":"q","type":"ping","data":7}',
    b'{"id":"q","type":"ping","x":"\xff"}', b'{"id":"q","type":"ping","x":' + b"[" * 16 + b"]" * 16 + b"}",
    b'{"type":"say","id":"q","sealed":{"a":' + b"[" * 8 + b"]" * 8 + b"}}",
])  # fmt: skip
def test_the_id_is_read_where_it_can_be(payload: bytes) -> None:
    with pytest.raises(MessageInvalid) as caught:
        decode_request(payload)
    assert caught.value.request_id == "q"


@pytest.mark.parametrize(
    "payload", [b"\xff", b"[]", b'{"id":7}', b'{"id":"","type":"x"}', b'{"id":"q"', b'{"id":"\\ud800"}']
)
def test_an_id_that_cannot_be_read_is_none(payload: bytes) -> None:
    with pytest.raises(MessageInvalid) as caught:
        decode_request(payload)
    assert caught.value.request_id is None


def test_a_refusal_is_short_however_long_the_value_was() -> None:
    text = reason(b'{"type":"' + b"\\u0001" * 10_000 + b'"}')
    assert len(text) <= REASON_CHARS_MAX <= 1_000, "it fits every frame, escaped too"
    assert "type" in text


# ------------------------------------------------------------------------------------------------- how deep


@pytest.mark.parametrize("levels", [1, 2, DEPTH_MAX - 1, DEPTH_MAX])
def test_so_deep_is_allowed(levels: int) -> None:
    payload = nested(levels) if levels > 1 else b'{"type":"ping"}'
    assert decode_request(payload) == Ping()
    assert depth_of(payload) == levels


@pytest.mark.parametrize("levels", [DEPTH_MAX + 1, 100, 10_000, 30_000])
def test_deeper_is_not(levels: int) -> None:
    assert str(DEPTH_MAX) in reason(nested(levels))
    assert reason(b'{"type":"ping","x":' + b'{"a":' * (levels - 1) + b"1" + b"}" * levels)


@pytest.mark.parametrize("inside", ['"[[[[[["', '"\\"[[[[[["', '"\\\\","[[[[["', ",".join(["[]"] * 50)])
def test_brackets_side_by_side_and_in_strings_are_not_deep(inside: str) -> None:
    assert decode_request(nested(DEPTH_MAX - 1, inside)) == Ping()


@pytest.mark.parametrize("payload", [
    b"[" * 17 + b'"' + b'\\"' * 32_000, b"[" * 17 + b'"' + b'\\"' * 32_000 + b"\\", b"[" * 65_536,
    b"[" * 17 + b'"' * 65_000, b'{"type":"ping","x":"' + b"[" * 65_000, b'{"a":' * 13_000, b"[" * 17 + b"\\" * 65_000,
])  # fmt: skip
def test_no_payload_takes_long(payload: bytes) -> None:
    began = time.perf_counter()
    assert reason(payload)
    assert time.perf_counter() - began < 0.5  # a hundredth of that is usual; eight seconds were seen


# ---------------------------------------------------------------------------------------------------- sealed


def sealed_of(size: int) -> dict[str, object]:
    return {"a": "x" * (size - len(b'{"a":""}'))}


@pytest.mark.parametrize("size", [SEALED_BYTES_MAX - 1, SEALED_BYTES_MAX])
def test_so_long_a_sealed_object_passes(size: int) -> None:
    assert decode_request(encode(Say(sealed=sealed_of(size)))) == Say(sealed=sealed_of(size))


def test_a_longer_one_is_refused() -> None:
    payload = encode(Say(sealed=sealed_of(SEALED_BYTES_MAX + 1), id="q"))
    assert "sealed" in reason(payload)


def sealed_so_deep(levels: int) -> bytes:
    return b'{"type":"say","sealed":{"a":' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}}"


def test_how_deep_a_sealed_object_may_be() -> None:
    assert decode_request(sealed_so_deep(SEALED_DEPTH_MAX - 1))
    assert decode_request(sealed_so_deep(SEALED_DEPTH_MAX))
    assert "sealed" in reason(sealed_so_deep(SEALED_DEPTH_MAX + 1))


def test_a_sealed_object_is_passed_on_as_it_came() -> None:
    message = decode_request(encode(Say(sealed=SEALED)))
    assert isinstance(message, Say)
    assert json.loads(encode(message))["sealed"] == SEALED


def test_an_escaped_sealed_object_is_measured_as_it_is_written() -> None:
    # six bytes of a letter's escape become one: what counts is what goes out and into the journal
    escaped = b'{"type":"say","sealed":{"a":"' + b"\\u0078" * 10_000 + b'"}}'
    assert len(escaped) < FRAME_BYTES_MAX
    assert decode_request(escaped) == Say(sealed={"a": "x" * 10_000})
