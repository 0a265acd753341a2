"""What a person typed for others and has not heard back: gathered from the outbox and from what the session holds."""

from collections.abc import Iterator

from reactor_chat.client.messaging import Messaging
from reactor_chat.client.transcript.entries import Fate, OwnLine
from reactor_chat.wire.conversation import Spoken, where_said
from reactor_chat.wire.messages import Request


def own_lines(messaging: Messaging) -> list[OwnLine]:
    """Return every line that is on its way or held, those that were sent before those that were not."""
    outbox, session = messaging.mailbox.outbox, messaging.sealing.session
    doubtful = {request.id for request in outbox.doubtful()}
    sent = _spoken(outbox.sent_unanswered())
    lines = [_on_its_way(messaging, one, Fate.IN_DOUBT if one.id in doubtful else Fate.SENDING) for one in sent]
    lines += [_on_its_way(messaging, one, Fate.SENDING) for one in _spoken(outbox.unsent())]
    for held in session.unsent if session is not None else ():
        fate = Fate.NOT_SENT if held.needs_person else Fate.SENDING
        lines.append(OwnLine(held.request_id, held.conversation, held.text, fate, held.reason, held.number))
    return lines


def _spoken(requests: Iterator[Request]) -> list[Spoken]:
    return [request for request in requests if isinstance(request, Spoken)]


def _on_its_way(messaging: Messaging, request: Spoken, fate: Fate) -> OwnLine:
    conversation, request_id = where_said(request), request.id or ""
    session = messaging.sealing.session
    text = request.text
    if text is None and session is not None:
        text = session.sealed_text(conversation, request_id)
    return OwnLine(request_id, conversation, text, fate)
