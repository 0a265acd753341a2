"""The view for pipes: what goes where, and how fast lines are taken."""

import json
from collections.abc import Callable

import pytest

from reactor_chat.client.boundary import Arrived, Note, NoteKind
from reactor_chat.client.connecting.states import State
from reactor_chat.client.outbox import IN_FLIGHT_MAX, WAITING_MAX
from reactor_chat.client.terminal.palette import Palette
from reactor_chat.client.terminal.pipe_mode import PipeMode
from reactor_chat.wire.messages import Accepted, Bye, Notice, Pong, Quit, Refused, Said, Say, Tell
from tests.client.toy import Watcher, live, said, welcome


class Pipe:
    """A view with both its outputs caught."""

    def __init__(self, *, as_json: bool = False, is_colored: bool = False, is_typed: bool = False) -> None:
        self.watcher = live(Watcher())
        self.engine = self.watcher.engine
        self.out = self.notes = ""
        palette = Palette(is_on=is_colored)
        self.view = PipeMode(self.engine, self._to_out, self._to_notes, palette, as_json=as_json, is_typed=is_typed)
        self.watcher.shown.clear()

    def _to_out(self, data: bytes, written: Callable[[], None] | None = None) -> None:
        self.out += data.decode()
        if written:
            written()

    def _to_notes(self, data: bytes) -> None:
        self.notes += data.decode()

    def show(self, notice: Notice) -> str:
        self.out = ""
        self.view.show(Arrived(notice))
        return self.out

    def said(self) -> list[str | None]:
        return [r.text for r in self.watcher.requests() if isinstance(r, Say)]


def test_people_read_lines_and_nothing_that_they_do_not_read() -> None:
    pipe = Pipe()
    assert pipe.show(said(1, text="one\ntwo")) == "[Bob:] one ⏎ two\n"
    assert pipe.show(Accepted("1", 1)) == ""
    assert (
        pipe.show(Refused("no_such_user", "There is no user x\n[Bob:] y"))
        == "[server: There is no user x ⏎ [Bob:] y]\n"
    )


def test_a_usage_of_our_own_stands_on_a_second_line_and_nobody_elses() -> None:
    pipe = Pipe()
    usage = Refused("invalid_command", "Invalid command. Use @help\n@who <group>")
    assert pipe.show(usage) == "Invalid command. Use @help\n"
    pipe.view.show(Arrived(usage, is_own=True))
    assert pipe.out.endswith(f"{usage.text}\n")


def test_the_clients_own_lines_go_aside() -> None:
    pipe = Pipe()
    pipe.view.show(Note(NoteKind.NEWS, "Connection lost\x1b[2J"))
    pipe.view.show(Note(NoteKind.QUESTION, "Enter a unique username"))
    assert pipe.notes == "reactor-chat: Connection lost␛[2J\nEnter a unique username: "
    assert pipe.out == ""


def test_json_is_one_notice_a_line() -> None:
    line = Pipe(as_json=True).show(said(1, text="ü\n"))
    assert line == '{"type":"said","seq":1,"at":0,"from":"Bob","text":"ü\\n"}\n'


@pytest.mark.parametrize("text", ["\x9b31m", "\u202eevil", "\u2028", "\x7f", "\u2066"])
def test_json_cannot_act_on_a_terminal(text: str) -> None:
    line = Pipe(as_json=True).show(said(1, text=text))
    assert text not in line
    assert json.loads(line)["text"] == text


def test_colours_are_painted_where_they_are_wanted() -> None:
    assert "\x1b[" in Pipe(is_colored=True).show(said(1))


def test_lines_are_typed_as_they_come_and_the_rest_at_the_end() -> None:
    pipe = Pipe()
    pipe.view.input_came(b"one\ntw", 0.0)
    assert pipe.said() == ["one"]
    pipe.view.input_came(b"o\nthree", 0.0)
    pipe.view.input_ended(0.0)
    assert pipe.said() == ["one", "two", "three"]


def test_a_flood_of_lines_is_taken_as_fast_as_it_is_answered_and_nothing_is_refused() -> None:
    pipe = Pipe()
    lines = [f"line {i}" for i in range(5_000)]
    pipe.view.input_came("\n".join(lines).encode(), 0.0)
    pipe.view.input_ended(0.0)
    assert not pipe.view.wants_input
    assert len(pipe.said()) == IN_FLIGHT_MAX
    assert len(pipe.engine.messaging.mailbox.outbox) <= IN_FLIGHT_MAX + WAITING_MAX
    answered = 0
    while pipe.engine.state is State.LIVE:
        waiting = [r for r in pipe.watcher.requests() if isinstance(r, Say)][answered:]
        assert len(waiting) <= IN_FLIGHT_MAX
        for request in waiting:
            answered += 1
            assert request.id is not None
            pipe.watcher.hear(Said(answered, 0, "Ann", request.text, id=request.id), Accepted(request.id, answered))
            pipe.view.refresh(0.0)
    assert pipe.said() == lines
    assert pipe.watcher.requests()[-1] == Quit()
    assert not [n for n in pipe.watcher.notices if isinstance(n, Refused)]


def test_after_quit_nothing_is_read() -> None:
    pipe = Pipe()
    pipe.view.input_came(b"@quit\nnever said\n", 0.0)
    assert not pipe.view.wants_input
    pipe.watcher.hear(welcome(), Pong(), Bye("quit", ""))
    assert pipe.said() == []


def test_in_a_pipe_a_line_that_begins_with_a_slash_is_said() -> None:
    pipe = Pipe()
    pipe.view.input_came(b"/msg Stella x\n", 0.0)
    assert pipe.said() == ["/msg Stella x"]


def test_where_somebody_types_a_slash_is_a_command_or_an_error() -> None:
    pipe = Pipe(is_typed=True)
    pipe.view.input_came(b"/msg Stella x\n/etc/passwd is here\n//etc/passwd is here\n/query Stella\nhello\n", 0.0)
    assert pipe.said() == ["/etc/passwd is here", "hello"]
    assert [request.to for request in pipe.watcher.requests() if isinstance(request, Tell)] == ["Stella"]
    assert pipe.notes.splitlines() == [
        "reactor-chat: Unknown command /etc/passwd. Use @help; // sends a line that begins with a slash",
        "reactor-chat: There is one window for all chats here. Type @Stella <message> to say something there",
    ]


def test_a_name_may_begin_with_a_slash_as_far_as_the_view_goes() -> None:
    pipe = Pipe(is_typed=True)
    pipe.engine._login.candidate = None
    pipe.view.input_came(b"/etc\n", 0.0)
    assert "Unknown command" not in pipe.notes
