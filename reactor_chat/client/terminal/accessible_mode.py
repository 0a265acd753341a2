"""The view for screen readers and braille lines: one sentence below the other, and nothing is ever taken back.

It writes text, line ends, and a bell where somebody is spoken to; no colour, no motion of the cursor, no erasing.

Theory of operation.  What arrives is written at once while nothing is typed.  While something is, it waits, so that
nobody's words fall into the line that a person is spelling out; it comes when the line is sent or emptied, or with the
key that clears a screen elsewhere, which here tells everything anew: what waits, where the cursor is, and the line.  A
person who pauses with a line half typed is told, once, how much waits.  Answers to a key, and what is wrong with keys
of encryption, do not wait.
"""

from collections.abc import Sequence
from functools import partial
from itertools import chain, repeat
from typing import NamedTuple

from reactor_chat.client.boundary import Arrived, Draft, Earlier, NoteKind, RequestAnswer, Shown
from reactor_chat.client.commands.key_map import Bound, KeyMap
from reactor_chat.client.commands.keys import Key, KeyAction, ViewKind
from reactor_chat.client.engine import Engine
from reactor_chat.client.inbox import request_echoed
from reactor_chat.client.spoken.clock import Clock, LocalTime
from reactor_chat.client.spoken.sentences import FURTHER, noted, said, told
from reactor_chat.client.spoken.state import SpokenState
from reactor_chat.client.spoken.typed_row import NEW_ROW, TypedRow, cursor_in_words
from reactor_chat.client.spoken.unstored import Unstored
from reactor_chat.client.terminal.bursts import Bursts
from reactor_chat.client.terminal.caution import Caution
from reactor_chat.client.terminal.editor import Choices, Editor, EditorRequest, Result, Submitted
from reactor_chat.client.terminal.key_reader import KeyReader
from reactor_chat.client.terminal.line_mode import BELL, FLUSH_SECONDS_MAX, Screen, Tty
from reactor_chat.client.terminal.wrapping import wrapped
from reactor_chat.client.transcript.mentions import Mentions
from reactor_chat.client.transcript.own_lines import own_lines
from reactor_chat.text.completion import completions, word_typed
from reactor_chat.text.orders import EncryptOn
from reactor_chat.text.parser import parse_typed
from reactor_chat.text.render import NO_ANNOTATION, Annotation, Part
from reactor_chat.text.slash import escaped, meant
from reactor_chat.wire.conversation import Conversation, Heard, Spoken, where_heard, where_said
from reactor_chat.wire.messages import HistoryAnswer, Notice, Refused, Told, fold

PAUSE_SECONDS = 10.0
"""Without a key for so long, somebody has stopped to think, or has gone."""

WAITING_MAX = 500
"""So much may wait; beyond it, everything is written, whatever is being typed."""

AT_ONCE = (NoteKind.ALARM, NoteKind.FAILURE, NoteKind.QUESTION)
"""Words of the client that do not wait until a line is finished."""


class _Arrival(NamedTuple):
    lines: list[str]
    at: int | None = None  # milliseconds since the Unix epoch; None for what happens now
    place: int | None = None  # in the archive
    is_timed: bool = True  # the time is said before it, where that is due


class AccessibleMode:
    """Writes sentences below one another, and the line being typed below all of them.

    Args:
        engine: whose view this is.
        screen: where to write.
        tty: whose keys are read.
        local_time: gives the local time of a moment in milliseconds since 1970, and of now for None.
        keys: what each key does; left out, as nobody chose otherwise.
    """

    wants_input = True
    takes_terminal = True

    def __init__(
        self, engine: Engine, screen: Screen, tty: Tty, local_time: LocalTime, keys: KeyMap | None = None
    ) -> None:
        self._map = KeyMap(ViewKind.LINE) if keys is None else keys
        self.next_deadline: float | None = None
        self._engine = engine
        self._screen = screen
        self._tty = tty
        self._clock = Clock(local_time)
        self._keys = KeyReader(self._map.chords)
        self._bursts = Bursts()
        self._editor = Editor(self._complete, self._map)
        self._caution = Caution()
        self._row = TypedRow()
        self._state = SpokenState(engine)
        self._unstored = Unstored(self._state.spelled)
        self._waiting: list[_Arrival] = []
        self._answers: list[str] = []
        self._lets_in = False  # what waits comes with the next `draw`, whatever is typed
        self._is_told = False  # how much waits
        self._pressed_at = 0.0
        self._bells = ""
        self._rung: set[Conversation] = set()
        self._out = ""

    # ------------------------------------------------------------------------------------------ the terminal

    def begin(self) -> None:
        """Take the terminal."""
        self._tty.enter()

    def end(self) -> None:
        """Give the terminal back: its modes first, and then, if it takes them in time, what is left to be said."""
        self._tty.leave()
        self._write_rows(self._let_in())
        self._give_back()
        self._screen.drop()

    def _give_back(self) -> None:
        self._out += self._row.over()
        self._send()
        self._screen.flush(FLUSH_SECONDS_MAX)

    def suspend(self) -> None:
        """Give the terminal back and stop until the shell lets us go on."""
        self._tty.leave()
        self._give_back()
        self._tty.stop()
        self.resumed()

    def resumed(self) -> None:
        """The shell let us go on, perhaps after others used the terminal."""
        self._tty.enter()
        self._out += self._row.over()

    def resized(self) -> None:
        """What was written stays as it is."""

    # ------------------------------------------------------------------------------------------ time

    def refresh(self, now: float) -> None:
        """Take what waited for more for what it is, and say what has waited long enough."""
        if self.next_deadline is not None and now >= self.next_deadline:
            keys = self._keys.due(now)
            self._press([*self._bursts.feed(keys, now), *self._bursts.due(now)], now)
        for lines in self._unstored.refresh(own_lines(self._engine.messaging), now):
            self._waiting.append(_Arrival(lines))
        if (pause := self._pause_deadline()) is not None and now >= pause:
            self._is_told = True
            waiting = sum(bool(one.lines) for one in self._waiting)
            verb = "1 line is" if waiting == 1 else f"{waiting} lines are"
            self._answers.append(f"{verb} waiting. Ctrl-L shows what waits.")
        self._set_deadline()

    def _pause_deadline(self) -> float | None:
        """Return when a person is told that something waits for them; None where nothing does, or they know."""
        is_held = bool(self._editor.text) and any(one.lines for one in self._waiting)
        return self._pressed_at + PAUSE_SECONDS if is_held and not self._is_told else None

    def _set_deadline(self) -> None:
        deadlines = (self._keys.deadline, self._bursts.deadline, self._unstored.deadline, self._pause_deadline())
        self.next_deadline = min((deadline for deadline in deadlines if deadline is not None), default=None)

    # ------------------------------------------------------------------------------------------ what is said

    def show(self, item: Shown) -> None:
        """Say a notice or a note with the next `draw` that may; nothing, for notices that people do not read."""
        if isinstance(item, Arrived):
            self._arrived(item)
        elif isinstance(item, Earlier):
            self._say_again("Where you left off:", item.notices, item.annotations, "End of what you have seen.")
        elif isinstance(item, Draft):
            self._editor.replace(escaped(item.text))
        elif item.kind in AT_ONCE:
            self._answers.append(noted(item.text))
        else:
            self._waiting.append(_Arrival([noted(item.text)]))

    def answered(self, answer: RequestAnswer) -> None:
        """Nothing is asked here but what is typed."""

    def _arrived(self, item: Arrived) -> None:
        notice = item.notice
        if isinstance(notice, HistoryAnswer) and notice.messages:
            older = ", and there are older ones" if notice.more else ""
            self._say_again(f"From the history{older}:", notice.messages, item.annotations, "End of the history.")
            return
        if isinstance(notice, Heard) and not item.is_missed:
            self._ring(notice)
        self._waiting.append(_Arrival(self._lines(item), getattr(notice, "at", None), item.place))

    def _lines(self, item: Arrived) -> list[str]:
        notice, me = item.notice, self._engine.name
        if isinstance(notice, Heard):
            annotation = item.annotations[0] if item.annotations else NO_ANNOTATION
            return said(notice, me, annotation, is_stored=request_echoed(notice, me) is not None)
        lines = told(notice, me, item.annotations, is_own=item.is_own)
        if isinstance(notice, Refused):
            return self._unstored.refused(notice.re, " ".join(line.strip() for line in lines)) or lines
        return lines

    def _say_again(self, head: str, notices: Sequence[Notice], annotations: Sequence[Annotation], foot: str) -> None:
        """Say each with its own time, between marks, so that nobody takes what was said for what is said."""
        me, beside = self._engine.name, chain(annotations, repeat(NO_ANNOTATION))
        lines = [head]
        for notice, annotation in zip(notices, beside, strict=False):
            if isinstance(notice, Heard):
                lines += said(notice, me, annotation, time=self._clock.of(notice.at))
            else:
                lines += told(notice, me, (annotation,))
        self._waiting.append(_Arrival([*lines, foot], is_timed=False))

    def _ring(self, notice: Heard) -> None:
        """Ring where the person is spoken to, once for each conversation until they have answered."""
        where, me = where_heard(notice, self._engine.name), self._engine.name
        is_for_me = isinstance(notice, Told) or Mentions(me).are_in(notice.text)
        if is_for_me and not notice.removed and fold(notice.sender) != fold(me) and where not in self._rung:
            self._rung.add(where)
            self._bells = BELL

    # ------------------------------------------------------------------------------------------ writing

    def draw(self) -> None:
        """Write everything that may be said now, in one write; nothing where nothing is new."""
        places = [one.place for one in self._waiting if one.place is not None]
        is_let_in = self._lets_in or not self._editor.text or len(self._waiting) > WAITING_MAX
        self._bring_up([*(self._let_in() if is_let_in else ()), *self._take_answers()])
        self._send(places[-1] if is_let_in and places else None)

    def _let_in(self) -> list[str]:
        """Take what waits, as lines."""
        arrivals, self._waiting, self._lets_in, self._is_told = self._waiting, [], False, False
        lines = []
        for one in arrivals:
            if one.lines:
                lines += [*(self._clock.news(one.at) if one.is_timed else ()), *one.lines]
        return lines

    def _take_answers(self) -> list[str]:
        answers, self._answers = self._answers, []
        return answers

    def _bring_up(self, lines: Sequence[str] = ()) -> None:
        """Have these lines written, and below them the line being typed as it is now."""
        text = self._editor.text
        is_free = bool(lines) or self._row.is_ended_by(text)
        self._write_rows([*lines, *(() if self._is_secret else self._state.news(text, is_free=is_free))])
        self._out += self._row.changed(text, is_secret=self._is_secret)

    def _write_rows(self, lines: Sequence[str]) -> None:
        if lines:
            columns = self._tty.size()[0]
            rows = (row for line in lines for row in _in_rows(line, columns))
            self._out += self._row.over() + "".join(f"{row}{NEW_ROW}" for row in rows)

    def _send(self, place: int | None = None) -> None:
        out, self._out, self._bells = f"{self._bells}{self._out}", "", ""
        if out or place is not None:
            written = None if place is None else partial(self._engine.messaging.mailbox.printed, place)
            self._screen.write(out.encode("utf-8", "replace"), written)

    # ------------------------------------------------------------------------------------------ keys

    def input_came(self, data: bytes, now: float) -> None:
        """Take bytes from the keyboard."""
        keys = self._keys.feed(data, now)
        self._press(self._bursts.feed(keys, now, is_rest=self._keys.is_torn), now)
        self._set_deadline()

    def input_ended(self, now: float) -> None:
        """The terminal was closed."""
        self._engine.leave(now)

    def _press(self, keys: Sequence[Key], now: float) -> None:
        for key in keys:
            self._pressed_at = now
            submits = self._editor.submits(key)
            if submits and not self._may_leave(now):
                continue
            bound = self._map.look_up(key, is_empty=not self._editor.text)
            action = bound.action if bound is not None else None
            if submits:
                self._bring_up()  # all of it stands there before it is sent
            self._editor.remembers = not (self._engine.wants_name or self._types_secret)
            result = self._editor.press(key)
            if result is EditorRequest.BELL and action is KeyAction.COMPLETE:
                result = self._editor.press(key) or result  # a second one tells what the first might mean
            self._do(result, action, now)
            self._caution.changed(self._editor.text)

    def _may_leave(self, now: float) -> bool:
        """Whether the line may be sent; where not, say what is wrong with it, or ask."""
        if self._engine.wants_name or self._is_secret:
            return True
        objection = self._caution.objection(self._editor.text, self._editor.pasted_lines, now)
        if objection:
            self._answers.append(objection)
        return objection is None

    def _do(self, result: Result, action: KeyAction | None, now: float) -> None:
        match result:
            case Submitted():
                self._submitted(result.text, now)
            case Choices():
                self._answers.append(", ".join(result.words))
            case EditorRequest.BELL if action is KeyAction.COMPLETE:
                self._answers.append("Nothing fits.")
            case Bound(KeyAction.LEAVE):
                self._engine.leave(now)
            case Bound(KeyAction.CLEAR_SCREEN):
                self._lets_in = True
                words = "Nothing of it is shown." if self._is_secret else None
                self._answers.append(words or cursor_in_words(self._editor.text, self._editor.cursor))
            case Bound(KeyAction.SUSPEND):
                self.suspend()
            case _:
                pass

    def _submitted(self, typed: str, now: float) -> None:
        self._out += self._row.over()
        asks = self._is_secret or self._engine.wants_name
        text = typed if asks else meant(typed)
        parsed = None if self._is_secret else parse_typed(text)
        if not text.strip():
            self._rung.clear()  # the person is there
        elif isinstance(parsed, Spoken):
            self._rung.discard(where_said(parsed))
        self._engine.typed(text, now)

    @property
    def _is_secret(self) -> bool:
        return self._engine.messaging.orders.wants_passphrase

    @property
    def _types_secret(self) -> bool:
        """Whether the line is, or holds, a passphrase: that is not to be recalled by whoever comes to the keyboard."""
        order = parse_typed(meant(self._editor.text))
        return self._is_secret or (isinstance(order, EncryptOn) and order.passphrase is not None)

    def _complete(self, typed: str) -> tuple[str, list[str]]:
        directory = self._engine.messaging.directory
        return word_typed(typed), completions(typed, directory.users, directory.groups)


def _in_rows(line: str, columns: int) -> list[str]:
    """Break a line so that what goes on in the next row looks like nobody's words."""
    rows = wrapped([Part("text", line)], columns, columns - len(FURTHER))
    first, *further = ("".join(part.text for part in row) for row in rows)
    return [first, *(f"{FURTHER}{row}" for row in further)]
