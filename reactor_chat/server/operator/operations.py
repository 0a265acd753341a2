"""Carries out what the operator orders: between turns, each order durable before it is answered."""

import argparse
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from msgspec import to_builtins

from reactor_chat.chat.boundary import Terminate
from reactor_chat.chat.operator.messages import announcing
from reactor_chat.chat.state.identity import key_text
from reactor_chat.errors import StorageCorrupt, StorageError, StorageFull, UsageError
from reactor_chat.journal.contract import Mark, Slices, finished
from reactor_chat.journal.sqlite.survey import in_words
from reactor_chat.server.app import App
from reactor_chat.server.bans import BANS_MAX, Ban, Bans, Target, address_of, target_of
from reactor_chat.server.connections.peers import Peer
from reactor_chat.server.operator import registry, removals
from reactor_chat.server.operator.orders import (
    Announce,
    Answer,
    Backup,
    Kick,
    LiftBan,
    ListBans,
    Order,
    PutBan,
    Release,
    Repair,
    SetLockdown,
    SetRate,
    TellStatus,
)
from reactor_chat.server.operator.registry import changed, settled
from reactor_chat.server.options.table import typed
from reactor_chat.server.options.values import read_rate
from reactor_chat.text.safe import is_safe
from reactor_chat.wire.messages import Refused, fold, is_name

Facts = dict[str, Any]
ON_APP: dict[type, Callable[[App, Any], Answer | Slices[Answer]]] = {**registry.ORDERS, **removals.ORDERS}
"""Orders that take nothing but the app."""
UNTIL = "until the server restarts or reloads its config"


def no_facts() -> Facts:
    """Say nothing of a process."""
    return {}


class Operations:
    """The operator's hands.

    Args:
        app: what is operated.
        keep_bans: keeps these bans, and no others, for the next start; raises OSError where it cannot.
        process_facts: says what only the process knows: bytes, turns, memory.
    """

    def __init__(
        self, app: App, keep_bans: Callable[[list[Ban]], None], process_facts: Callable[[], Facts] = no_facts
    ) -> None:
        self._app = app
        self._keep_bans = keep_bans
        self._process_facts = process_facts

    def carry_out(self, order: Order) -> Answer:
        """Do what is ordered, at once; see `begin`."""
        return finished(self.begin(order))

    def begin(self, order: Order) -> Slices[Answer]:
        """Do what is ordered; what takes long in pieces, between which other things are done.

        Returns:
            What came of it; where it could not be done, nothing has changed.

        Raises:
            StorageError: the journal failed; the process must stop.
        """
        try:
            answer: Answer | Slices[Answer] = self._carried_out(order)
            return answer if isinstance(answer, Answer) else (yield from answer)
        except (UsageError, StorageFull) as error:
            return Answer(done=False, text=str(error))

    def _carried_out(self, order: Order) -> Answer | Slices[Answer]:
        on_app = ON_APP.get(type(order))
        return on_app(self._app, order) if on_app is not None else self._ORDERS[type(order)](self, order)

    def use_bans(self, bans: list[Ban]) -> int:
        """Go by these bans from now on; returns how many connections had to be closed for them."""
        self._app.bans.load(bans)
        self._app.carry_out([])  # whose login is on its way is there when this is done, and can be sent away
        barred = [(peer, refusal) for peer in self._app.peers if (refusal := self._refusal_of(peer)) is not None]
        for peer, refusal in barred:
            self._send_away(peer, refusal)
        return len(barred)

    # ------------------------------------------------------------------------------------------ the journal

    def _release(self, order: Release) -> Slices[Answer]:
        name, identity = order.name, self._app.hub.state.identity
        # There are letters outside of ASCII whose lower case is inside; they are in no name.
        if not name.isascii() or identity.claim_of(name) is None:
            return Answer(done=False, text=f"nobody owns the name {name}")
        yield from settled(self._app, self._app.hub.release(name, self._app.clock.unix_ms))
        if identity.claim_of(name) is not None:
            raise StorageFull(f"There is no space to record that {name} is free; it still has its owner")
        return Answer(done=True, text=f"the name {name} is free")

    def _backup(self, order: Backup) -> Slices[Answer]:
        since = Mark(order.since_head, order.since_link) if order.since_head is not None else None
        try:
            copy = yield from self._app.record_log.journal.backup_slices(Path(order.file), since)
        except (StorageError, OSError) as error:  # of the copy; the journal is only read
            return Answer(done=False, text=str(error))
        after = f" after number {since.head}" if since is not None else ""
        text = f"{order.file} holds everything{after} up to number {copy.head}"
        if copy.damaged:
            text = f"{text} but entries {in_words(list(copy.damaged))}, which are damaged; see `repair`"
        return Answer(done=True, text=text, facts={"seq": copy.head, "damaged": [list(one) for one in copy.damaged]})

    def _repair(self, order: Repair) -> Slices[Answer]:
        try:
            found = yield from self._app.record_log.journal.repair_slices(Path(order.file))
        except StorageCorrupt as error:  # of the copy, or of a page that cannot be written anew
            return Answer(done=False, text=f"{error}; stop the server and restore a backup")
        except OSError as error:
            return Answer(done=False, text=str(error))
        self._app.keeping.adopt(found)
        mended, left = in_words(list(found.mended)), in_words(list(found.damaged))
        said = [f"entries {mended} are back"] if mended else []
        said += [f"{found.index_mended} entries of the index are back"] if found.index_mended else []
        said += [f"entries {left} are still damaged: {order.file} does not have them as they were"] if left else []
        return Answer(
            done=not left,
            text="; ".join(said) or "nothing is damaged",
            facts={"mended": [list(one) for one in found.mended], "damaged": [list(one) for one in found.damaged]},
        )

    # ------------------------------------------------------------------------------------------------- bans

    def _ban(self, order: PutBan) -> Answer:
        if not is_safe(order.reason):
            raise UsageError("a reason is one line without control characters")
        now, bans = self._app.clock.unix_ms, self._app.bans
        target = self._target(order)
        until = None if order.seconds is None else now + order.seconds * 1_000
        ban, before = Ban(target.kind, target.whom, now, until, order.reason), bans.on(target, now)
        others = [other for other in bans.standing(now) if other.target != target]
        if len(others) >= BANS_MAX:
            raise UsageError(f"there are {BANS_MAX} bans already; lift some, or ban their network")
        closed = self._replace([*others, ban])
        instead = "" if before is None else f", before: {before.term}"
        return Answer(
            done=True,
            text=f"{target} is banned {ban.term}{instead}; connections closed: {closed}",
            facts={"ban": to_builtins(ban), "closed": closed},
        )

    def _unban(self, order: LiftBan) -> Answer:
        now, bans = self._app.clock.unix_ms, self._app.bans
        target = target_of(order.whom)
        if bans.on(target, now) is None:
            return Answer(done=False, text=f"{target} is not banned{_hint(bans, target, now)}")
        self._replace([other for other in bans.standing(now) if other.target != target])
        return Answer(done=True, text=f"{target} is not banned any more")

    def _bans(self, _: ListBans) -> Answer:
        standing = self._app.bans.standing(self._app.clock.unix_ms)
        return Answer(done=True, text=f"bans: {len(standing)}", facts={"bans": to_builtins(standing)})

    def _target(self, order: PutBan) -> Target:
        target = target_of(order.whom)
        if order.by in (None, target.kind):
            return target
        if target.kind != "name":
            raise UsageError("--by works with names only")
        if order.by == "key":
            claim = self._app.hub.state.identity.claim_of(order.whom)
            if claim is None:
                raise UsageError(f"nobody owns the name {order.whom}, so there is no key to ban")
            return Target("key", key_text(claim.key))
        peer = self._peer_of(order.whom)
        address = address_of(peer.wire.peer) if peer is not None else None
        if address is None:
            raise UsageError(f"{order.whom} is not connected, so there is no address to ban; the log may have it")
        return target_of(address)

    def _replace(self, bans: list[Ban]) -> int:
        try:
            self._keep_bans(bans)
        except OSError as error:
            raise UsageError(f"the bans cannot be kept, and stay as they were: {error}") from error
        return self.use_bans(bans)

    def _refusal_of(self, peer: Peer) -> Refused | None:
        app = self._app
        claim = app.hub.state.identity.claim_of(peer.name)
        of_login = app.bans.refuse_login(peer.name, claim.key if claim is not None else None, app.clock.unix_ms)
        return of_login or app.bans.refuse_peer(peer.wire.peer, app.clock.unix_ms)

    # ----------------------------------------------------------------------------------------------- people

    def _kick(self, order: Kick) -> Answer:
        if not is_safe(order.reason):
            raise UsageError("a reason is one line without control characters")
        peer = self._peer_of(order.name) if is_name(order.name) else None
        if peer is None:
            return Answer(done=False, text=f"{order.name[:80]} is not connected")
        because = f": {order.reason}" if order.reason else ""
        self._send_away(peer, Refused("not_allowed", f"The operator closed your connection{because}"))
        return Answer(done=True, text=f"{peer.name} was disconnected")

    def _peer_of(self, name: str) -> Peer | None:
        conn = self._app.hub.state.roster.conn_of(fold(name))
        return next((peer for peer in self._app.peers if peer.conn == conn), None)

    def _send_away(self, peer: Peer, refusal: Refused) -> None:
        self._app.carry_out(self._app.hub.handle(Terminate(peer.conn, refusal, "kicked"), self._app.clock.unix_ms))

    def _announce(self, order: Announce) -> Slices[Answer]:
        yield from changed(self._app, announcing(order.text))
        count = sum(peer.entered for peer in self._app.peers)
        return Answer(done=True, text=f"Announcement sent to {count} {'person' if count == 1 else 'people'}")

    # ---------------------------------------------------------------------------------------------- switches

    def _rate(self, order: SetRate) -> Answer:
        try:
            rate = read_rate(order.rate)
        except argparse.ArgumentTypeError as error:
            raise UsageError(str(error)) from error
        before = self._app.options.rate
        self._app.adopt(dataclasses.replace(self._app.options, rate=rate))
        return Answer(done=True, text=f"The rate is {typed(rate)} {UNTIL} (before: {typed(before)})")

    def _lockdown(self, order: SetLockdown) -> Answer:
        self._app.adopt(dataclasses.replace(self._app.options, lockdown=order.on))
        return Answer(done=True, text=f"Lockdown is {typed(order.on)} {UNTIL}")

    def _status(self, _: TellStatus) -> Answer:
        app = self._app
        counters, state = app.counters, app.hub.state
        facts: Facts = {
            **self._process_facts(),
            "connections": len(app.peers),
            "logged_in": sum(peer.entered for peer in app.peers),
            "names_owned": len(state.identity),
            "records": state.seq,
            "messages": app.record_log.spoken,
            "bytes_in": counters.bytes_in,
            "connections_taken": counters.connections,
            "connections_turned_away": counters.turned_away,
            "logins": counters.logins,
            **app.keeping.facts(),
            "bans": len(app.bans.standing(app.clock.unix_ms)),
            "rate": typed(app.options.rate),
            "lockdown": app.options.lockdown,
            "refusals": dict(sorted(counters.refusals.items())),
            "closed": dict(sorted(counters.closed.items())),
        }
        return Answer(done=True, text=f"people: {facts['logged_in']}", facts={"status": facts})

    _ORDERS: ClassVar[dict[type, Callable[["Operations", Any], Answer | Slices[Answer]]]] = {
        Release: _release,
        Backup: _backup,
        Repair: _repair,
        PutBan: _ban,
        LiftBan: _unban,
        ListBans: _bans,
        Kick: _kick,
        Announce: _announce,
        SetRate: _rate,
        SetLockdown: _lockdown,
        TellStatus: _status,
    }


def _hint(bans: Bans, target: Target, now: int) -> str:
    """Words about the ban on a network that keeps an address out."""
    wider = bans.of_address(target.whom, now) if target.kind == "address" else None
    return f", but {wider.target} is" if wider is not None else ""
