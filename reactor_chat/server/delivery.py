"""What the core says becomes bytes on wires: each of its effects has a row in a table, and is carried out here.

A notice for everybody is encoded once, and in the words that the journal has of it where those are the same.
"""

from collections.abc import Callable, Sequence
from typing import Any

from reactor_chat.chat.boundary import (
    Append,
    Close,
    Deliver,
    DeliverAll,
    DeliverBurst,
    Effect,
    LoggedIn,
    ReadBlob,
    ReadKeys,
    ReadMessages,
)
from reactor_chat.chat.state.records import TOLD_AS_KEPT
from reactor_chat.server.catch_up import CatchUp
from reactor_chat.server.connections.peers import Broadcast, Peer
from reactor_chat.server.connections.registry import ConnectionRegistry
from reactor_chat.server.goodbye import BYE, CLOSING, Goodbye
from reactor_chat.server.intake import HIGH_WATERMARK_BYTES
from reactor_chat.server.reading import Reading
from reactor_chat.server.record_log import RecordLog
from reactor_chat.server.resuming import resumed
from reactor_chat.wire import codec
from reactor_chat.wire.conversation import Heard
from reactor_chat.wire.framing import frame, frames
from reactor_chat.wire.messages import Accepted, Bye, Exited, Joined, Notice, Refused

PRESENCE = frozenset({Joined, Exited})
"""What everybody is told of without hurry where many are connected: a thousand who come are a million notices."""


class Delivery:
    """Carries effects out.

    Args:
        record_log: where records are collected.
        reading: answers from the journal.
        broadcast: what carries bytes to everybody.
        connections: which there are.
        catch_up: keeps what somebody cannot be sent yet.
        goodbye: tells whether the server has taken leave.
    """

    def __init__(
        self,
        record_log: RecordLog,
        reading: Reading,
        broadcast: Broadcast,
        connections: ConnectionRegistry,
        catch_up: CatchUp,
        goodbye: Goodbye,
    ) -> None:
        self._record_log = record_log
        self._reading = reading
        self._broadcast = broadcast
        self._connections = connections
        self._peers = connections.peers
        self._counters = connections.counters
        self._catch_up = catch_up
        self._goodbye = goodbye
        self._unshared: dict[Peer, None] = {}  # who hears everything, in other bytes than those that are broadcast
        self._effects = self._table_of_effects()

    def carry_out(self, effects: Sequence[Effect]) -> None:
        """Do what the core says, in its order; records are collected for the next commit, and not committed."""
        for effect in effects:
            self._effects[type(effect)](effect)

    def go_live(self, peer: Peer) -> None:
        """Have a connection hear what everybody hears from here on; after the goodbye it hears that, and no more."""
        if peer.door.shares_frames:
            peer.wire.attach(self._broadcast)
        else:
            self._unshared[peer] = None
        if self._goodbye.is_said:
            self.dismiss(peer)

    def dismiss(self, peer: Peer) -> None:
        """Say goodbye to somebody, as the server stops."""
        self._catch_up.close(peer)
        peer.tell(CLOSING)
        self._close(Close(peer.conn, "shutdown"))

    # ---------------------------------------------------------------------------------------------- effects

    def _append(self, effect: Append) -> None:
        self._record_log.append(effect.records)

    def _deliver(self, effect: Deliver) -> None:
        notice, framed = effect.notice, b""
        if type(notice) is Refused:
            self._counters.refusals[notice.code] += 1
        for conn in effect.conns:
            peer = self._peers.get(conn)
            if peer is None:
                continue
            if self._catch_up.take(peer, notice):
                continue
            if peer.door.shares_frames:
                framed = framed or self._framed(notice)
                peer.wire.send(framed)
            else:
                peer.tell(notice)

    def _deliver_all(self, effect: DeliverAll) -> None:
        notice = effect.notice
        append = self._broadcast.append_quietly if type(notice) in PRESENCE else self._broadcast.append
        append(self._framed(notice))
        for peer in self._unshared:
            peer.tell(notice)

    def _deliver_burst(self, effect: DeliverBurst) -> None:
        written = self._record_log.written
        framed = frames([written[message.seq] for message in effect.messages])
        if effect.conns is None:
            self._broadcast_burst(effect, framed)
            return
        joined = b"".join(framed)
        for conn in effect.conns:
            peer = self._peers.get(conn)
            if peer is None or conn == effect.sender_conn or peer.replayed_seq is not None:
                continue  # who is behind is told from the journal
            if peer.door.shares_frames:
                peer.wire.send(joined)
            else:
                for message in effect.messages:
                    peer.tell(message)
        if effect.sender_conn in self._peers:
            self._echo(effect, framed, effect.sender_conn)

    def _broadcast_burst(self, effect: DeliverBurst, framed: list[bytes]) -> None:
        sender = effect.sender_conn
        for message, one in zip(effect.messages, framed, strict=True):
            self._broadcast.append(one)
            for peer in self._unshared:
                peer.tell(message)
            if message.id is not None and sender is not None:
                self._deliver(Deliver([sender], Accepted(message.id, message.seq)))

    def _echo(self, effect: DeliverBurst, framed: Sequence[bytes], sender: int) -> None:
        """Tell the sender each message, and after it that it is accepted; at once where the wire takes all of it."""
        peer = self._peers[sender]
        if effect.conns is not None and sender in effect.conns and peer.is_current and peer.door.shares_frames:
            echo = _echo_of(effect.messages, framed)
            if peer.wire.queued_bytes + len(echo) < HIGH_WATERMARK_BYTES:
                peer.wire.send(echo)
                return
        for one in effect.each():
            if isinstance(one, Deliver) and sender in one.conns:
                self._deliver(Deliver([sender], one.notice))

    def _framed(self, notice: Notice) -> bytes:
        """One notice as a frame; what the journal holds in the same words is not encoded again."""
        if isinstance(notice, TOLD_AS_KEPT):
            return frame(self._record_log.written.get(notice.seq) or codec.encode(notice))
        return frame(codec.encode(notice))

    def _enter(self, effect: LoggedIn) -> None:
        peer = self._connections.entered(effect)
        self._record_log.journal.keep_log()
        after, gap = resumed(self._record_log.journal, effect)
        if gap is not None:
            peer.tell(gap)
        if after is None:
            self.go_live(peer)
        else:
            self._catch_up.begin(peer, after)

    def _read(self, effect: ReadMessages | ReadKeys | ReadBlob) -> None:
        if effect.conn in self._peers:
            for answer in self._reading.answers(effect):
                self._deliver(Deliver([effect.conn], answer))

    def _close(self, effect: Close) -> None:
        peer = self._connections.close(effect.conn)
        self._unshared.pop(peer, None)
        self._catch_up.close(peer)
        if effect.reason is not None:
            peer.close_reason = effect.reason
            peer.tell(Bye(effect.reason, BYE[effect.reason]))
        peer.wire.finish()

    def _table_of_effects(self) -> dict[type, Callable[[Any], None]]:
        return {
            Append: self._append,
            Deliver: self._deliver,
            DeliverAll: self._deliver_all,
            DeliverBurst: self._deliver_burst,
            LoggedIn: self._enter,
            ReadMessages: self._read,
            ReadKeys: self._read,
            ReadBlob: self._read,
            Close: self._close,
        }


def _echo_of(messages: Sequence[Heard], framed: Sequence[bytes]) -> bytes:
    """Return the frames of messages, behind each that of what its sender is answered."""
    parts: list[bytes] = []
    for message, one in zip(messages, framed, strict=True):
        parts.append(one)
        if message.id is not None:
            parts.append(frame(codec.encode(Accepted(message.id, message.seq))))
    return b"".join(parts)
