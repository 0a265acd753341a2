"""Whom a person does not want to read: hidden on this client, and nobody else learns of it.

What somebody who is ignored says still arrives, is answered and counted; only the showing is left out, of their
messages wherever they say them, and of their coming and going.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain, repeat
from typing import TypeVar

from msgspec import structs

from reactor_chat.client.boundary import Arrived, Earlier, Note, NoteKind, Shown
from reactor_chat.text.render import NO_ANNOTATION, Annotation
from reactor_chat.wire.conversation import Heard
from reactor_chat.wire.messages import (
    SERVER_NAME,
    Exited,
    HistoryAnswer,
    Joined,
    Notice,
    fold,
    is_name,
)

IGNORED_MAX = 1_000  # nobody types so many; their file stays small

AnyNotice = TypeVar("AnyNotice", bound=Notice)
Keep = Callable[[Sequence[str]], None]


class Ignored:
    """The people whom one person ignores.

    Args:
        names: from the beginning.
        keep: keeps them for the next run, may raise StorageError; None where nothing is kept.
        tells_all: whoever reads is a program: a page of history comes even if nothing of it is left.
    """

    def __init__(self, names: Iterable[str] = (), keep: Keep | None = None, *, tells_all: bool = False) -> None:
        self._names = {fold(name): name for name in names}
        self._keep = keep
        self._tells_all = tells_all

    def ignore(self, name: str, me: str) -> str:
        """Ignore somebody from now on, or list everybody for an empty name; return what to tell the person."""
        if not name:
            names = ", ".join(self._names[folded] for folded in sorted(self._names))
            return f"You ignore: {names}" if names else "You ignore nobody"
        name = name.removeprefix("@")
        if not is_name(name):
            return "That is not a name"
        if fold(name) == fold(me):
            return "You cannot ignore yourself"
        if fold(name) == SERVER_NAME:
            return "The operator cannot be ignored"
        if len(self._names) >= IGNORED_MAX:
            return f"You ignore {IGNORED_MAX} people already; @unignore somebody first"
        self._change({**self._names, fold(name): name})
        until = "" if self._keep is not None else ", until you leave"
        return f"Ignoring {name}: hidden on this client only{until}. @unignore {name} shows them again"

    def unignore(self, name: str) -> str:
        """Show somebody again; return what to tell the person."""
        name = name.removeprefix("@")
        if fold(name) not in self._names:
            return f"You are not ignoring {name}" if is_name(name) else "That is not a name"
        shown = self._names[fold(name)]
        self._change({folded: known for folded, known in self._names.items() if folded != fold(name)})
        return f"{shown} is shown again"

    def sift(self, item: Shown) -> Shown | None:
        """Return what of it is to be shown; None where nothing is."""
        if not self._names:
            return item
        if isinstance(item, Earlier):
            kept = [pair for pair in _pairs(item.notices, item.annotations) if not self._hides(pair[0])]
            return Earlier([notice for notice, _ in kept], tuple(known for _, known in kept)) if kept else None
        if isinstance(item, Arrived) and isinstance(item.notice, HistoryAnswer):
            found = [pair for pair in _pairs(item.notice.messages, item.annotations) if not self._hides(pair[0])]
            if item.notice.messages and not found and not self._tells_all:
                return Note(NoteKind.ANSWER, "Nothing to show: these messages are all from people you ignore")
            page = structs.replace(item.notice, messages=[notice for notice, _ in found])
            return item._replace(notice=page, annotations=tuple(known for _, known in found))
        return None if isinstance(item, Arrived) and self._hides(item.notice) else item

    def _hides(self, notice: Notice) -> bool:
        if isinstance(notice, Heard):
            return fold(notice.sender) in self._names
        return isinstance(notice, Joined | Exited) and fold(notice.name) in self._names

    def _change(self, names: dict[str, str]) -> None:
        if self._keep is not None:
            self._keep(list(names.values()))
        self._names = names


def _pairs(notices: Sequence[AnyNotice], annotations: Sequence[Annotation]) -> Iterable[tuple[AnyNotice, Annotation]]:
    return zip(notices, chain(annotations, repeat(NO_ANNOTATION)), strict=False)
