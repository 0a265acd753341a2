"""Turns any bytes into a message or one declared error, and a message into bytes.

Types, ranges and missing fields are judged while the JSON is read.  Three things the reader would let pass in fields
nobody asked for are judged before: bytes that are not UTF-8, nesting deeper than the protocol allows, and (since a
`sealed` object is passed on) a number that could not be written again.
"""

import re
from collections.abc import Callable

import msgspec

from reactor_chat.errors import MessageInvalid, MessageUnknown
from reactor_chat.wire.messages import NOTICES, Notice, Request, Sealed, type_of_id
from reactor_chat.wire.sense import nonsense_in

DEPTH_MAX = 16
SEALED_BYTES_MAX = 48 * 1024
SEALED_DEPTH_MAX = 8
REASON_CHARS_MAX = 256
"""A refusal may repeat a value that was as long as the frame; ours has to fit a frame too."""

_requests: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
_notices: msgspec.json.Decoder[Notice] = msgspec.json.Decoder(Notice)
encode: Callable[[msgspec.Struct], bytes] = msgspec.json.Encoder().encode
"""Returns a message as one JSON object in UTF-8, fields in the order of their definition.  Source: PROTOCOL §1."""

# A string that does not end is one all the same, and nothing is given back once taken: each byte is looked at once,
# whatever the payload (without that, a frame of escaped quotes took eight seconds).
_string = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_ANY_BRACKET_AS_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")


class _Identified(msgspec.Struct):
    """Reads nothing but the `id` of an object."""

    id: type_of_id | None = None


_identified = msgspec.json.Decoder(_Identified)


def decode_request(payload: bytes) -> Request:
    """Read one payload that a client sent.

    Args:
        payload: any bytes, as long as a frame may be.

    Returns:
        The request, every field of the type and in the range that the protocol gives it.

    Raises:
        MessageInvalid: it is no request; the text names the field, `request_id` is its id where one could be read.

    Source: PROTOCOL §1, §3.
    """
    try:
        _refuse_unreadable(payload)
        request = _requests.decode(payload)
        if (sealed := getattr(request, "sealed", None)) is not None:
            _refuse_unsealable(sealed)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MessageInvalid(_reason(error), _readable_id(payload)) from None
    return request


def decode_notice(payload: bytes) -> Notice:
    """Read one payload that a server sent.

    Returns:
        The notice, every field of the type and in the range that the protocol gives it, every name in it a name, and
        in each message a text or a sealed object, never both.

    Raises:
        MessageUnknown: it is of a type that this version does not know; a client ignores it (PROTOCOL §1).
        MessageInvalid: it makes no sense; `request_id` is its `re`, where one could be read.

    Source: PROTOCOL §1, §4.
    """
    try:
        _refuse_unreadable(payload)
        notice = _notices.decode(payload)
        if (nonsense := nonsense_in(notice)) is not None:
            raise msgspec.ValidationError(nonsense)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _notice_invalid(payload, error) from None
    return notice


def depth_of(payload: bytes) -> int:
    """Return how deep objects and arrays are nested in this JSON text; brackets inside strings do not count.

    What is nested deeper than DEPTH_MAX is only said to be deeper; what is no JSON text has no depth worth the name.
    """
    # To look at each bracket took 13 ms for a frame of nothing else.  To take all the innermost pairs away at once is
    # the system's work, and takes a level away.
    brackets = _string.sub(b"", payload).translate(_ANY_BRACKET_AS_ONE_KIND, _NO_BRACKETS)
    depth = 0
    while depth <= DEPTH_MAX and len(fewer := brackets.replace(b"[]", b"")) < len(brackets):
        brackets = fewer
        depth += 1
    return depth


def _refuse_unreadable(payload: bytes) -> None:
    if not payload.isascii():
        payload.decode("utf-8")
    # Counting brackets is a bound on the depth that nearly every payload keeps; only the rest is scanned.
    if payload.count(b"[") + payload.count(b"{") > DEPTH_MAX and depth_of(payload) > DEPTH_MAX:
        raise msgspec.DecodeError(f"nested deeper than {DEPTH_MAX} levels")


def _refuse_unsealable(sealed: Sealed) -> None:
    written = msgspec.json.encode(sealed)
    if len(written) > SEALED_BYTES_MAX:
        raise msgspec.DecodeError(f"`sealed` is longer than {SEALED_BYTES_MAX} bytes")
    if depth_of(written) > SEALED_DEPTH_MAX:
        raise msgspec.DecodeError(f"`sealed` is nested deeper than {SEALED_DEPTH_MAX} levels")


def _notice_invalid(payload: bytes, error: Exception) -> MessageInvalid:
    try:
        read = msgspec.json.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        read = None
    fields = read if isinstance(read, dict) else {}
    kind, re_ = fields.get("type"), fields.get("re")
    if isinstance(kind, str) and kind not in NOTICES:
        return MessageUnknown(_reason(error))
    return MessageInvalid(_reason(error), re_ if isinstance(re_, str) else None)


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "Bad message: not UTF-8"
    if isinstance(error, RecursionError):
        return f"Bad message: nested deeper than {DEPTH_MAX} levels"
    reason = f"Bad message: {error}"
    if len(reason) > REASON_CHARS_MAX:
        reason = f"{reason[: REASON_CHARS_MAX // 2]}…{reason[-REASON_CHARS_MAX // 2 + 1 :]}"
    return reason


def _readable_id(payload: bytes) -> str | None:
    try:
        return _identified.decode(payload).id
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
