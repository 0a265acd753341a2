"""Whether what a server tells makes sense, where the types of the fields cannot say it.

Whatever holds words and is no text is a name: of a group where the field is called so, else of a person.  A client
believes no server that a word is a name: what is none never gets past the decoder, so nothing that stands where a name
belongs can look like more than one.  The server reads its own journal without this: what is in there was judged when it
was asked for.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any, get_args, get_origin

from msgspec import Struct, structs

from reactor_chat.wire.conversation import Heard
from reactor_chat.wire.messages import NOTICES, RESERVED_WORDS, fold, is_name

TEXTS = frozenset({"server", "reason", "text", "code", "re", "change", "data", "id", "log"})
"""Fields that hold words and no name; their values are shown as the server's, or not at all."""


_fields_of = cache(structs.fields)  # it reads every annotation anew


def _parts(kind: Any) -> Iterator[Any]:
    """Yield the types that a field's type is made of; an opaque object is one, whatever it holds."""
    if get_origin(kind) is dict or not get_args(kind):
        yield kind
    else:
        for part in get_args(kind):
            yield from _parts(part)


def _words_of(kind: type[Struct]) -> Iterator[str]:
    for field in _fields_of(kind):
        if field.name not in TEXTS and str in _parts(field.type):
            yield field.name


def _structs_in(kind: type[Struct]) -> Iterator[tuple[str, type[Struct]]]:
    for field in _fields_of(kind):
        for part in _parts(field.type):
            if isinstance(part, type) and issubclass(part, Struct):
                yield field.name, part


def _with_parts(kinds: Iterator[type[Struct]]) -> Iterator[type[Struct]]:
    for kind in kinds:
        yield kind
        yield from _with_parts(part for _, part in _structs_in(kind))


_kinds = dict.fromkeys(_with_parts(iter(NOTICES.values())))

NAMES: dict[type, tuple[str, ...]] = {
    kind: names for kind in _kinds if (names := tuple(field for field in _words_of(kind) if field != "group"))
}
"""The fields that hold a person's name, several, or none; the operator's, which is reserved, is one of them."""

GROUPS = frozenset(kind for kind in _kinds if "group" in _words_of(kind))
"""Whose field `group` is a group's name or none."""

WITHIN: dict[type, str] = {
    kind: field for kind in _kinds for field, part in _structs_in(kind) if part in NAMES or part in GROUPS
}
"""The field with objects that have a row here themselves."""

MESSAGES = frozenset(get_args(Heard))


def nonsense_in(told: Any) -> str | None:
    """Return what makes no sense in a notice, or in an object within one; None where everything does."""
    kind = type(told)
    for field in NAMES.get(kind, ()):
        value = getattr(told, field)
        if not (value is None or (is_name(value) if isinstance(value, str) else all(map(is_name, value)))):
            return f"`{field}` is no name"
    if kind in GROUPS and told.group is not None and not _is_group(told.group):
        return "`group` is no name of a group"
    # A text beside a sealed object would be shown where that cannot be opened, as if it had been in it.
    if kind in MESSAGES and (told.text is None) == (told.sealed is None):
        return "exactly one of `text` and `sealed` is required"
    if kind in WITHIN:
        return next(filter(None, map(nonsense_in, getattr(told, WITHIN[kind]))), None)
    return None


def _is_group(word: str) -> bool:
    # `[Bob (private):]` is never about a group: no reserved word names one.
    return is_name(word) and fold(word) not in RESERVED_WORDS
