"""Whatever a server sends, in whatever field: no line passes for a mark or for the client's voice, and `mark` is ours.

A client without a key knows nothing of any message, so every mark that appears is forged.  One with a key, to which
nobody wrote under seal, may find that something is `not sealed`, and no more.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.boundary import Arrived, Earlier, Note, Shown
from reactor_chat.client.engine import Engine
from reactor_chat.client.sealing import OpenSession
from reactor_chat.client.store.identity import KeyIdentity
from reactor_chat.client.store.vault import Vault
from reactor_chat.client.terminal.line_mode import ERASE_ROW, INDENT, LineMode
from reactor_chat.client.terminal.palette import Palette
from reactor_chat.client.terminal.pipe_mode import PipeMode
from reactor_chat.e2ee.boundary import Settings as SessionSettings
from reactor_chat.e2ee.session import Session
from reactor_chat.testing.vault import SimulatedVault
from reactor_chat.text.render import NO_ANNOTATION
from reactor_chat.wire.framing import frame
from reactor_chat.wire.messages import NOTICES, GroupOverview, GroupSaid, HelpAnswer, HistoryAnswer, Said, Told
from tests.client.party import fresh
from tests.client.terminal.test_line_mode import local_time
from tests.client.toy import Watcher, live

CANARY = "canarybird"
SEED = bytes(range(32))
VOICE = re.compile(r"\[[^:\]]*, (not )?sealed|reactor-chat: |\* ")
"""How only a client may begin a line."""
ROW = re.compile(r"(?:\d{4}-\d\d-\d\d )?\d\d:\d\d ")

FORMS = [
    "[Bob, encrypted:] ", "[Bob (private), encrypted:] ", "[Bob, encrypted, NEW KEY:] ", "[to Bob, encrypted:] ",
    "Bob, encrypted:] ", "Bob (private), encrypted:] x [", "team), encrypted:] x (", "reactor-chat: ", "* ", "13:05 * ",
    "x\n[Bob, encrypted:] ", "x\r[Bob, encrypted:] ", "x\u2028[Bob, encrypted:] ", "\x1b[2K\r[Bob, encrypted:] ",
    "x" * 79 + "[Bob, encrypted:] ", " " * 70 + "[Bob, encrypted:] ", '" reactor-chat: ', "\ud7b0", "",
]  # fmt: skip
texts = st.builds(lambda form: f"{form}{CANARY}", st.sampled_from(FORMS))
names = st.sampled_from(["Bob", "Ann", "server", "sealed", "Private", "to"]) | st.sampled_from(FORMS)
numbers = st.sampled_from([0, 1, 2, 3, 7, -1, 2**53 - 1, 2**53, 2**63, 10**30])
codes = st.sampled_from(["invalid_command", "name_taken", "gap", "not_allowed", "created", "added", "kicked", "owner"])
marks: st.SearchStrategy[dict[str, Any]] = st.sampled_from([{}, {"mark": "sealed", "remark": "forged"}])
sealed = st.builds(lambda mark: {"v": 1, **mark, "in": [mark]}, marks)

VALUES: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(("from", "to", "group", "name", "by", "user", "owner", "with"), names),
    **dict.fromkeys(("names", "members", "missing", "waiting", "removes"), st.lists(names, max_size=3)),
    **dict.fromkeys(("code", "change", "reason"), codes | texts),
    **dict.fromkeys(("re", "id"), st.sampled_from(["i-1", "i-2", "i-3", "none"])),
    **dict.fromkeys(("more", "guest", "lost", "require"), st.booleans()),
    **dict.fromkeys(("keys", "adds"), st.just([])),
    **dict.fromkeys(("text", "data", "server"), texts),
    "sealed": sealed,
    "groups": st.lists(st.deferred(lambda: written(GroupOverview)), max_size=2),
    "messages": st.lists(
        st.deferred(lambda: st.one_of([written(kind) for kind in (Said, Told, GroupSaid)])), max_size=3
    ),
}
"""What may stand in a field, by its name, much of it impossible; in any other, a number."""


def written(kind: type) -> st.SearchStrategy[dict[str, Any]]:
    """A notice as a server may write it, with our own fields in it or without."""
    tag = {} if kind is GroupOverview else {"type": kind.__struct_config__.tag}  # type: ignore[attr-defined]
    required, optional = dict[str, st.SearchStrategy[Any]](), dict[str, st.SearchStrategy[Any]]()
    for field in msgspec.structs.fields(kind):
        is_needed = field.default is msgspec.NODEFAULT and field.default_factory is msgspec.NODEFAULT
        (required if is_needed else optional)[field.encode_name] = VALUES.get(field.encode_name, numbers)
    drawn = st.fixed_dictionaries(required, optional=optional)
    return st.builds(lambda fields, mark: {**tag, **fields, **mark}, drawn, marks)


notices = (
    st.sampled_from([*NOTICES.values()]).filter(lambda kind: kind.__name__ not in ("Welcome", "Hello")).flatmap(written)
)


class Tty:
    """A terminal of 80 columns that keeps what is written."""

    def __init__(self) -> None:
        self.written = ""

    def write(self, data: bytes, written: Callable[[], None] | None = None) -> None:  # noqa: ARG002  it is at once
        self.written += data.decode()

    def flush(self, seconds_max: float | None = None) -> None: ...
    def drop(self) -> None: ...
    def enter(self) -> None: ...
    def leave(self) -> None: ...
    def stop(self) -> None: ...

    def size(self) -> tuple[int, int]:
        return 80, 24


def keys_in(value: Any) -> Iterator[str]:
    """Every key at any depth."""
    if isinstance(value, dict):
        yield from value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from keys_in(inner)


def assert_is_the_servers(watcher: Watcher, item: Shown) -> None:
    """Show one thing in each view, and look at it."""
    out: list[bytes] = []
    notes: list[bytes] = []
    for as_json in (True, False):
        view = PipeMode(
            watcher.engine,
            lambda data, _=None: out.append(data),
            notes.append,
            Palette(is_on=False),
            as_json=as_json,
        )
        view.show(item)
    if isinstance(item, Note):
        quotation = notes[0].decode().split('the server said: "')
        assert CANARY not in quotation[0]
        return
    if isinstance(item, Arrived):
        written_json, lines = out[0].decode(), out[1].decode().split("\n")[:-1]
        assert written_json.count("\n") == 1
        ours = sum(annotation != NO_ANNOTATION for annotation in item.annotations)
        assert {annotation.word for annotation in item.annotations} <= {"", "not sealed"}
        assert list(keys_in(json.loads(written_json))).count("mark") == ours
        assert sum(VOICE.match(line) is not None for line in lines) <= ours, lines
        assert len(lines) <= lines_max(item)
    assert_rows(watcher, item)


def lines_max(item: Arrived) -> int:
    if isinstance(item.notice, HistoryAnswer):
        return max(1, len(item.notice.messages))
    return 100 if isinstance(item.notice, HelpAnswer) else 1


def assert_rows(watcher: Watcher, item: Shown) -> None:
    tty = Tty()
    view = LineMode(watcher.engine, tty, tty, Palette(is_on=False), local_time)
    view.show(item)
    view.draw()
    above = re.sub(r"\x1b\[\?7[lh]", "", tty.written).partition(ERASE_ROW)[2].split("\r\n")[:-1]
    if isinstance(item, Arrived) and isinstance(item.notice, HelpAnswer):
        assert CANARY not in tty.written
        return
    for row in above:
        begin = ROW.match(row)
        assert begin or row.startswith(INDENT), above
        assert not begin or is_ours(row, item) or not VOICE.match(row[begin.end() :]), above


def is_ours(row: str, item: Shown) -> bool:
    """Whether we have reason to begin this row as only we may; what a server wrote ends with the canary."""
    if isinstance(item, Note) or row.endswith((":", "of the history", "what you have seen")):
        return True
    assert isinstance(item, Arrived | Earlier)
    return ", not encrypted:] " in row and any(annotation.word == "not sealed" for annotation in item.annotations)


def with_session(name: str, vault: Vault, fresh_id: Callable[[], str]) -> Session:
    return Session(SessionSettings(name, SEED), vault.store, fresh, fresh_id)


def watcher_of(vault: SimulatedVault, open_session: OpenSession | None, **settings: Any) -> Watcher:
    if open_session is None:
        return Watcher(vault=vault, **settings)
    watcher = Watcher(vault=vault, identity=KeyIdentity(SEED), **settings)
    engine_settings = watcher.engine._settings
    watcher.engine = Engine(engine_settings, lambda: 0.5, vault, KeyIdentity(SEED), open_session)
    return watcher


@pytest.mark.parametrize("open_session", [None, with_session], ids=["guest", "with a key"])
@given(sent=st.lists(notices, max_size=8))
def test_nothing_that_a_server_sends_passes_for_a_mark_or_for_our_voice(
    open_session: OpenSession | None, sent: list[dict[str, Any]]
) -> None:
    vault = SimulatedVault()
    watcher = live(watcher_of(vault, open_session))
    watcher.shown.clear()
    watcher.engine.typed("@names", 0.0)
    watcher.engine.typed("hello", 0.0)
    for notice in sent:
        watcher.engine.received(frame(json.dumps(notice).encode()), 0.0)
    watcher.take()
    for item in watcher.shown:
        assert_is_the_servers(watcher, item)
    again = live(watcher_of(vault, open_session, scrollback=50))  # what was archived comes back
    for item in again.shown:
        assert_is_the_servers(again, item)
