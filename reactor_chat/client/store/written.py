"""A notice as the client itself writes it: a row of its archive, or a line of `--json`.

Theory of operation.  `mark` and `remark` are ours: what we know of a message, beside what is in it.  So nothing that a
server sent is written as it came.  A notice is encoded from what was decoded, which leaves out every field that this
version does not know, and our words are added.

A row of the archive is a list of our words and the notice.  Versions before this one archived the server's own bytes,
which are an object: what is in them about marks may be the server's, and is not read.
"""

from typing import Any

import msgspec

from reactor_chat.client.boundary import Arrived
from reactor_chat.errors import MessageInvalid
from reactor_chat.text.render import NO_ANNOTATION, Annotation
from reactor_chat.text.safe import safe_json
from reactor_chat.wire.codec import decode_notice, encode
from reactor_chat.wire.messages import HistoryAnswer, Notice

OURS = ("mark", "remark", "verified")


class _Row(msgspec.Struct, array_like=True):
    word: str
    remark: str
    notice: msgspec.Raw
    is_verified: bool = False


_rows = msgspec.json.Decoder(_Row)


def row_of(notice: Notice, annotation: Annotation = NO_ANNOTATION) -> bytes:
    """Return what the archive keeps of a notice and of what we know of it."""
    return msgspec.json.encode(
        _Row(annotation.word, annotation.remark, msgspec.Raw(encode(notice)), annotation.is_verified)
    )


def read_row(row: bytes) -> tuple[Notice, Annotation]:
    """Return what `row_of` wrote; of a row from before there was one, the notice alone.

    Raises:
        MessageInvalid: a newer version wrote it, and understood more, or a server's nonsense was archived.
    """
    if not row.startswith(b"["):
        return decode_notice(row), NO_ANNOTATION
    try:
        read = _rows.decode(row)
    except msgspec.MsgspecError as error:
        raise MessageInvalid(str(error)) from None
    return decode_notice(bytes(read.notice)), Annotation(read.word, read.remark, read.is_verified)


def json_line(arrived: Arrived) -> str:
    """Return a notice as one line of JSON; with our own fields only where we have something to say."""
    notice, annotations = arrived.notice, arrived.annotations
    is_annotated = any(annotation != NO_ANNOTATION for annotation in annotations)
    if not is_annotated and getattr(notice, "sealed", None) is None and not isinstance(notice, HistoryAnswer):
        return safe_json(encode(notice).decode("utf-8"))
    fields = _without_ours(msgspec.to_builtins(notice))
    for message, annotation in zip(fields.get("messages", [fields]), annotations, strict=False):
        if annotation != NO_ANNOTATION:
            message.update(
                mark=annotation.word, remark=annotation.remark, **({"verified": True} if annotation.is_verified else {})
            )
    return safe_json(msgspec.json.encode(fields).decode("utf-8"))


def _without_ours(value: Any) -> Any:
    """A `sealed` object is passed on unread, and may hold anything."""
    if isinstance(value, dict):
        return {key: _without_ours(inner) for key, inner in value.items() if key not in OURS}
    return [_without_ours(inner) for inner in value] if isinstance(value, list) else value
