"""The operator's orders about people: who is here, who owns which name, and who may come in during a lockdown."""

import base64
import hashlib
from collections.abc import Callable
from typing import Any

from reactor_chat.chat.boundary import Effect
from reactor_chat.chat.case import Decide, Rules, Sequencer, Verdict
from reactor_chat.chat.operator import registration
from reactor_chat.chat.state.chat_state import ChatState
from reactor_chat.chat.state.identity import Claim, key_text
from reactor_chat.chat.state.invites import hash_of
from reactor_chat.chat.state.operator_records import Invited
from reactor_chat.chat.state.records import Record
from reactor_chat.errors import StorageFull, UsageError
from reactor_chat.journal.contract import Slices
from reactor_chat.server.app import App
from reactor_chat.server.bans import address_of, moment, target_of
from reactor_chat.server.connections.peers import Peer
from reactor_chat.server.operator.orders import Answer, Appoint, Grant, IssueInvite, ListInvites, ListPeople, Uninvite
from reactor_chat.wire.messages import Refused, fold
from reactor_chat.wire.transcript import pin_of

CODE_BYTES = 16
"""Of chance in the code of an invitation: nobody guesses it."""
LISTED_MAX = 10_000
"""Names in an answer, of those who are here and of those who own one: so many fit the answer's frame."""


def changed(app: App, decide: Decide) -> Slices[Record]:
    """Have a change made, durably; it ends when the journal has reported.

    Args:
        app: whose state it is.
        decide: says what the order comes to, or why it is refused; asked again where others write to the journal first.

    Returns:
        The record of the change.

    Raises:
        UsageError: why it is not made; nothing has changed.
        StorageFull: there is no space for it; nothing has changed.
        StorageError: the journal failed; the process must stop.
    """
    yield from settled(app, [])  # so that the order is judged by what then is the case
    verdicts: list[Verdict] = []

    def judged(state: ChatState, rules: Rules, sequencer: Sequencer) -> Verdict:
        verdicts.append(decide(state, rules, sequencer))
        return verdicts[-1]

    effects = app.hub.order(judged, app.clock.unix_ms)
    is_kept = isinstance(effects, Refused) or (yield from settled(app, effects))
    verdict = verdicts[-1]
    if isinstance(verdict, Refused):
        raise UsageError(verdict.text)
    if not is_kept:
        raise StorageFull("There is no space to record it; nothing was changed")
    return verdict.records[0][0]


def settled(app: App, effects: list[Effect]) -> Slices[bool]:
    """Carry effects out, and wait until the journal has reported of everything that is on its way.

    Returns:
        Whether it was all kept.

    Raises:
        StorageError: the journal failed; the process must stop.
    """
    refused = app.commits_refused
    app.carry_out(effects)
    while not app.record_log.is_settled:
        yield 0
    return app.commits_refused == refused


def _people(app: App, _: ListPeople) -> Answer:
    here = sorted((peer for peer in app.peers if peer.entered), key=lambda peer: fold(peer.name))
    claims = app.hub.state.identity.dump()
    facts = {
        "here": [_present(app, peer) for peer in here[:LISTED_MAX]],
        "owners": [_owner(app, claim) for claim in claims[:LISTED_MAX]],
        "here_count": len(here),
        "owners_count": len(claims),
    }
    return Answer(done=True, text=f"people: {len(here)}, names owned: {len(claims)}", facts={"people": facts})


def _present(app: App, peer: Peer) -> dict[str, Any]:
    claim = app.hub.state.identity.claim_of(peer.name)
    return {
        "name": peer.name,
        "key": _fingerprint(claim.key) if claim is not None else None,
        "address": address_of(peer.wire.peer) or peer.wire.peer,
        "since_ms": peer.since_ms,
        "idle_seconds": max(0, int(app.clock.now - peer.heard_at)),
        "queued_bytes": peer.wire.queued_bytes,
    }


def _owner(app: App, claim: Claim) -> dict[str, Any]:
    state = app.hub.state
    seen = state.attendance.of(claim.name)
    is_here = state.roster.get(claim.name) is not None
    return {
        "name": claim.name,
        "key": _fingerprint(claim.key),
        "public_key": key_text(claim.key),
        "claimed_ms": seen.claimed_at if seen is not None else None,
        "seen_ms": app.clock.unix_ms if is_here else (seen.seen_at or None) if seen is not None else None,
        "moderator": fold(claim.name) in state.moderators,
    }


def _fingerprint(key: bytes) -> str:
    return pin_of(hashlib.sha256(key).digest())


def _grant(app: App, order: Grant) -> Slices[Answer]:
    kind, _ = target_of(order.key)
    if kind != "key":
        raise UsageError("That is not a key; one is 44 characters of base64, as the refused client shows it")
    yield from changed(app, registration.granting(order.name, base64.b64decode(order.key)))
    return Answer(done=True, text=f"{order.name} belongs to the key {order.key}")


def _invite(app: App, order: IssueInvite) -> Slices[Answer]:
    code = base64.b32encode(app.entropy(CODE_BYTES)).decode("ascii").rstrip("=").lower()
    record = yield from changed(app, registration.inviting(hash_of(code), order.days))
    assert isinstance(record, Invited)
    number, until = record.seq, record.until
    text = f"Invitation {number} for one person, good until {moment(until)}"
    return Answer(done=True, text=text, facts={"invite": {"number": number, "code": code, "until_ms": until}})


def _invites(app: App, _: ListInvites) -> Answer:
    standing = app.hub.state.invites.standing(app.clock.unix_ms)
    facts = [{"number": one.number, "since_ms": one.since, "until_ms": one.until} for one in standing]
    return Answer(done=True, text=f"invitations: {len(standing)}", facts={"invites": facts})


def _uninvite(app: App, order: Uninvite) -> Slices[Answer]:
    yield from changed(app, registration.uninviting(order.number))
    return Answer(done=True, text=f"Invitation {order.number} is revoked")


def _appoint(app: App, order: Appoint) -> Slices[Answer]:
    yield from changed(app, registration.appointing(order.name, on=order.on))
    claim = app.hub.state.identity.claim_of(order.name)
    name = claim.name if claim is not None else order.name
    return Answer(done=True, text=f"{name} is {'now' if order.on else 'no longer'} a moderator")


ORDERS: dict[type, Callable[[App, Any], Answer | Slices[Answer]]] = {
    ListPeople: _people,
    Grant: _grant,
    IssueInvite: _invite,
    ListInvites: _invites,
    Uninvite: _uninvite,
    Appoint: _appoint,
}
