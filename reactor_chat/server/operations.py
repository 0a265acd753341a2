"""Carries out what the operator orders: between turns, each order durable before it is answered."""

import argparse
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from msgspec import to_builtins

from reactor_chat.chat.boundary import Broken
from reactor_chat.errors import StorageError, StorageFull, UsageError
from reactor_chat.server.app import App
from reactor_chat.server.bans import BANS_MAX, Ban, Bans, Target, address_of, key_text, target_of
from reactor_chat.server.options import read_rate, typed
from reactor_chat.server.orders import (
    Announce,
    Answer,
    Backup,
    Kick,
    LiftBan,
    ListBans,
    Order,
    PutBan,
    Release,
    SetLockdown,
    SetRate,
    TellStatus,
)
from reactor_chat.server.peers import Peer
from reactor_chat.text.safe import is_safe
from reactor_chat.wire.messages import Refused, fold, is_name

Facts = dict[str, Any]
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
        """Do what is ordered.

        Returns:
            What came of it; where it could not be done, nothing has changed.

        Raises:
            StorageError: the journal failed; the process must stop.
        """
        try:
            answer: Answer = self._ORDERS[type(order)](self, order)
        except (UsageError, StorageFull) as error:
            return Answer(done=False, text=str(error))
        return answer

    def use_bans(self, bans: list[Ban]) -> int:
        """Go by these bans from now on; returns how many connections had to be closed for them."""
        self._app.bans.load(bans)
        self._app.carry_out([])  # whose login is on its way is there when this is done, and can be sent away
        barred = [(peer, refusal) for peer in self._app.peers if (refusal := self._refusal_of(peer)) is not None]
        for peer, refusal in barred:
            self._send_away(peer, refusal)
        return len(barred)

    # ------------------------------------------------------------------------------------------ the journal

    def _release(self, order: Release) -> Answer:
        name, identity = order.name, self._app.hub.state.identity
        # There are letters outside of ASCII whose lower case is inside; they are in no name.
        if not name.isascii() or identity.claim_of(name) is None:
            return Answer(done=False, text=f"nobody owns the name {name}")
        self._app.carry_out(self._app.hub.release(name, self._app.unix_ms))
        if identity.claim_of(name) is not None:
            raise StorageFull(f"There is no space to record that {name} is free; it still has its owner")
        return Answer(done=True, text=f"the name {name} is free")

    def _backup(self, order: Backup) -> Answer:
        journal = self._app.ledger.journal
        try:
            journal.backup(Path(order.file))
        except (StorageError, OSError) as error:  # of the copy; the journal is only read
            return Answer(done=False, text=str(error))
        return Answer(done=True, text=f"{order.file} holds everything up to number {journal.head}")

    # ------------------------------------------------------------------------------------------------- bans

    def _ban(self, order: PutBan) -> Answer:
        if not is_safe(order.reason):
            raise UsageError("a reason is one line without control characters")
        now, bans = self._app.unix_ms, self._app.bans
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
        now, bans = self._app.unix_ms, self._app.bans
        target = target_of(order.whom)
        if bans.on(target, now) is None:
            return Answer(done=False, text=f"{target} is not banned{_hint(bans, target, now)}")
        self._replace([other for other in bans.standing(now) if other.target != target])
        return Answer(done=True, text=f"{target} is not banned any more")

    def _bans(self, _: ListBans) -> Answer:
        standing = self._app.bans.standing(self._app.unix_ms)
        return Answer(done=True, text=f"bans: {len(standing)}", facts={"bans": to_builtins(standing)})

    def _target(self, order: PutBan) -> Target:
        target = target_of(order.whom)
        if order.by in (None, target.kind):
            return target
        if target.kind != "name":
            raise UsageError(f"{target} is banned as what it is; only of a name its {order.by} can be banned")
        if order.by == "key":
            claim = self._app.hub.state.identity.claim_of(order.whom)
            if claim is None:
                raise UsageError(f"nobody owns the name {order.whom}, so there is no key to ban")
            return Target("key", key_text(claim.key))
        peer = self._peer_of(order.whom)
        address = address_of(peer.wire.peer) if peer is not None else None
        if address is None:
            raise UsageError(f"{order.whom} is not connected, so there is no address to ban; the log may know it")
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
        of_login = app.bans.refuse_login(peer.name, claim.key if claim is not None else None, app.unix_ms)
        return of_login or app.bans.refuse_peer(peer.wire.peer, app.unix_ms)

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
        self._app.carry_out(self._app.hub.handle(Broken(peer.conn, refusal, "kicked"), self._app.unix_ms))

    def _announce(self, order: Announce) -> Answer:
        verdict = self._app.hub.announce(order.text, self._app.unix_ms)
        if isinstance(verdict, Refused):
            return Answer(done=False, text=verdict.text)
        if not self._app.carry_out(verdict):
            raise StorageFull("There is no space to record it; nobody was told")
        count = len(self._app.hub.state.roster)
        people = "1 person" if count == 1 else f"{count} people"
        return Answer(done=True, text=f"Announcement sent to {people}")

    # ---------------------------------------------------------------------------------------------- switches

    def _rate(self, order: SetRate) -> Answer:
        try:
            rate = read_rate(order.rate)
        except argparse.ArgumentTypeError as error:
            raise UsageError(str(error)) from error
        before = self._app.options.rate
        self._app.adopt(dataclasses.replace(self._app.options, rate=rate))
        return Answer(done=True, text=f"The rate is {typed(rate)} (it was {typed(before)}) {UNTIL}")

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
            "messages": app.ledger.spoken,
            "bytes_in": counters.bytes_in,
            "connections_taken": counters.connections,
            "connections_turned_away": counters.turned_away,
            "logins": counters.logins,
            "bans": len(app.bans.standing(app.unix_ms)),
            "rate": typed(app.options.rate),
            "lockdown": app.options.lockdown,
            "refusals": dict(sorted(counters.refusals.items())),
            "closed": dict(sorted(counters.closed.items())),
        }
        return Answer(done=True, text=f"people: {facts['logged_in']}", facts={"status": facts})

    _ORDERS: ClassVar[dict[type, Callable[["Operations", Any], Answer]]] = {
        Release: _release,
        Backup: _backup,
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
