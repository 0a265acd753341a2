"""The fast path for what people say: several messages to one conversation are judged in one step.

Nearly everything that a chat does is to take a message, number it, and pass it on.  What has to be known for that is
the same for all messages of one person to one conversation: that there is such a person or group, how the messages are
found later, and whether they must be encrypted.  That is their `Route`, which holds until something but a message is
recorded.  So a burst, the messages with one route that came together, becomes one transaction, one `Append`, and, when
it is committed, one `DeliverBurst`.

The general path (`judge`) stays the law.  Nothing is refused here, nothing waits, and no request with a known id is
answered: where any of that could be, `take` returns what it has, and the general path judges the next request.  A
property test holds the two equal.
"""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from reactor_chat.chat import sealing
from reactor_chat.chat.boundary import Append, DeliverBurst, Effect, ReceivedTogether
from reactor_chat.chat.judge import Judge
from reactor_chat.chat.pending import Pending
from reactor_chat.chat.rules import RULES
from reactor_chat.chat.session import Route, Session, SessionState
from reactor_chat.chat.sessions import Sessions
from reactor_chat.chat.state.chat_state import ChatState
from reactor_chat.chat.state.timeline import SAID, labels_of_pair
from reactor_chat.chat.transaction import Burst
from reactor_chat.wire import messages as m
from reactor_chat.wire.conversation import ROOM, Conversation, Heard, label_of_pair
from reactor_chat.wire.messages import fold

BYTES_PER_CHARACTER_MAX = 4
"""In UTF-8."""


class FastPath:
    """Judges bursts, and tells of them when they are committed.

    Args:
        state: of the chat.
        pending: what is on its way.
        sessions: of the connections.
        judge: knows the rules.
    """

    def __init__(self, state: ChatState, pending: Pending, sessions: Sessions, judge: Judge) -> None:
        self._state = state
        self._pending = pending
        self._sessions = sessions
        self._judge = judge
        self._finders: dict[type, Callable[[Session, str], Route | None]] = {
            m.Say: self._to_room,
            m.Tell: self._to_person,
            m.GroupSend: self._to_group,
        }

    def take(self, session: Session, together: ReceivedTogether, start: int, effects: list[Effect]) -> int:
        """Launch the burst that begins with one of several requests.

        Args:
            session: whose requests they are.
            together: what came.
            start: an index into its requests.
            effects: where the order to append the burst goes.

        Returns:
            How many requests it is made of; 0 where the general path is to judge the first.
        """
        if session.state is not SessionState.PRESENT or session.backlog or session.ending:
            return 0
        requests = together.requests
        route = self._route(session, requests[start])
        if route is None:
            return 0
        messages = self._messages(session, route, requests, start)
        count, labels = len(messages), route.labels
        if count:
            if count < len(requests):
                together = ReceivedTogether(session.conn, requests[start : start + count])
            self._pending.add(Burst(messages, (), session, None, together=together, route=route))
            effects.append(Append([(message, labels) for message in messages]))
        return count

    def announce(self, burst: Burst, effects: list[Effect]) -> None:
        """Apply a burst that is committed, and tell those it concerns, and its sender what is accepted."""
        session, messages = burst.session, burst.messages
        assert session is not None
        self._state.apply_messages(messages)
        sender_conn = None if session.state is SessionState.GONE else session.conn
        effects.append(DeliverBurst(self._conns(session, burst.route), messages, sender_conn))

    # ------------------------------------------------------------------------------------------- routes

    def _route(self, session: Session, request: Any) -> Route | None:
        """Return the route of a request; None where it is no message, or where something stands in its way."""
        kind = type(request)
        target_of = _TARGETS.get(kind)
        if target_of is None:
            return None
        if self._pending.has_marks and self._pending.blocking(RULES[kind].read_set(request, session.name)):
            return None
        route, target = session.route, target_of(request)
        if route is None or route.altered != self._state.altered or route.target != target or route.kind is not kind:
            route = session.route = self._finders[kind](session, target)
        return route

    def _to_room(self, _: Session, target: str) -> Route | None:
        return self._found(m.Say, target, "", ROOM.label, (SAID,))

    def _to_person(self, session: Session, target: str) -> Route | None:
        to = self._state.spelling(target)
        if to is None:
            return None
        me, pair = session.name, (fold(to), fold(session.name))
        return self._found(m.Tell, target, to, label_of_pair(me, to), labels_of_pair(me, to), pair)

    def _to_group(self, session: Session, target: str) -> Route | None:
        group = self._state.groups.get(target)
        if group is None or not group.has(session.name):
            return None
        label = Conversation.of_group(group.born).label
        return self._found(m.GroupSend, target, group.name, label, (label,))

    def _found(
        self, kind: type, target: str, to: str, place: str, labels: tuple[str, ...], pair: tuple[str, ...] = ()
    ) -> Route:
        seal = self._state.seals.get(place)
        takes_text = seal is None or not seal.require
        return Route(kind, target, self._state.altered, to, place, labels, pair, takes_text)

    # ------------------------------------------------------------------------------------------- bursts

    def _messages(self, session: Session, route: Route, requests: Sequence[Any], start: int) -> list[Heard]:
        """Return what requests with this route become, up to the first that the general path must judge."""
        messages: list[Heard] = []
        sequencer, pending = self._pending.sequencer(), self._pending
        seq, at, name = sequencer.seq(), sequencer.at, session.name
        kind_of, kind, where = type, route.kind, (route.to,) if route.to else ()
        target_of, heard = _TARGETS[kind], _HEARD[kind]
        bytes_max = self._judge.rules.text_bytes_max if route.takes_text else -1
        person = fold(name)
        known, unconfirmed = self._state.receipts.ids_of(person), session.unconfirmed
        if unconfirmed is None:
            unconfirmed = session.unconfirmed = set()
        for request in requests[start:] if start else requests:
            if kind_of(request) is not kind or target_of(request) != route.target:
                break
            text, request_id = request.text, request.id
            if text is None:
                if sealing.refuse(self._judge.case(session), route.place, request) is not None:
                    break
            elif not _is_plainly_right(text, bytes_max):
                break
            if request_id is not None:
                if request_id in known or request_id in unconfirmed or pending.has(("id", person, request_id)):
                    break
                unconfirmed.add(request_id)
            messages.append(heard(seq, at, name, *where, text, request.sealed, request_id))
            seq += 1
        return messages

    def _conns(self, session: Session, route: Route) -> Sequence[int] | None:
        """Return the connections of those who are told; None for everyone."""
        if route.kind is m.Say:
            return None
        roster, readers = self._state.roster, self._sessions.readers
        if route.pair and not readers:
            return roster.conns_at(route.pair)
        audience = [route.to, session.name] if route.pair else self._members(route.to)
        conns = roster.conns_of(audience)
        return conns + readers.owners_conns(audience) if readers else conns

    def _members(self, name: str) -> list[str]:
        group = self._state.groups.get(name)
        return group.names() if group is not None else []


def _is_plainly_right(text: str, bytes_max: int) -> bool:
    """Return whether a text may be said, as far as that can be seen without looking at each character."""
    count = len(text)
    if not 0 < count <= bytes_max or not text.isprintable():
        return False
    return count * BYTES_PER_CHARACTER_MAX <= bytes_max or text.isascii()


def _no_target(_: Any) -> str:
    return ""


_TARGETS: dict[type, Callable[[Any], str]] = {
    m.Say: _no_target,
    m.Tell: attrgetter("to"),
    m.GroupSend: attrgetter("group"),
}
_HEARD: dict[type, Callable[..., Heard]] = {m.Say: m.Said, m.Tell: m.Told, m.GroupSend: m.GroupSaid}
