"""The simulation finds what it is there for: each of these bugs, planted, is found within a few worlds."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec import structs

from reactor_chat.chat import decisions
from reactor_chat.chat.boundary import Committed, Rejected
from reactor_chat.chat.case import NOTHING_NEW
from reactor_chat.chat.hub import Hub
from reactor_chat.chat.pending import Pending
from reactor_chat.chat.rules import RULES
from reactor_chat.chat.state.chat_state import ChatState
from reactor_chat.chat.state.read_marks import ReadMarks
from reactor_chat.chat.state.timeline import SAID, Timeline
from reactor_chat.client.outbox import Outbox
from reactor_chat.server.catch_up import CatchUp
from reactor_chat.server.connections.peers import Peer
from reactor_chat.server.delivery import Delivery
from reactor_chat.testing.driver import episode
from reactor_chat.wire.messages import SEQ_MAX, MarkRead, Told

WORLDS = (12, *range(11))
"""In the first all of these are found; where another day one is not, there are others."""
Plant = Callable[[pytest.MonkeyPatch], None]


def told_before_the_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever tells somebody something hears it before the journal has it."""
    append = Delivery._append

    def wrong(self: Delivery, effect: Any) -> None:
        append(self, effect)
        for record, _ in effect.records:
            if isinstance(record, Told):
                self._broadcast.append(self._framed(record))

    monkeypatch.setattr(Delivery, "_append", wrong)


def a_queued_answer_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose wire is clogged hears no answer."""
    take = CatchUp.take

    def wrong(self: CatchUp, peer: Peer, notice: Any) -> bool:
        taken = take(self, peer, notice)
        peer.held.clear()
        return taken

    monkeypatch.setattr(CatchUp, "take", wrong)


def a_resume_repeats_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes back hears the last one again."""
    begin = CatchUp.begin
    monkeypatch.setattr(CatchUp, "begin", lambda self, peer, after: begin(self, peer, max(0, after - 1)))


def a_resume_skips_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes back misses one."""
    begin = CatchUp.begin
    monkeypatch.setattr(CatchUp, "begin", lambda self, peer, after: begin(self, peer, after + 1))


def a_guest_inherits_what_was_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who takes a guest's name reads what was told to the one before."""

    def wrong(self: Timeline, name: str, _: int) -> Any:
        groups = [(f"group/{stay.born}", stay.first, stay.last) for stay in self._stays.get(name.lower(), ())]
        return [(SAID, 0, SEQ_MAX), (f"told/{name.lower()}", 0, SEQ_MAX), *groups]

    monkeypatch.setattr(Timeline, "messages", wrong)


def the_youngest_inherits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A group goes to its newest member."""
    altered = decisions._altered

    def wrong(group: Any, change: str, by: str, sequencer: Any, members: Any, user: str | None = None) -> Any:
        heir = members[-1] if change == "owner" else user
        return altered(group, change, by, sequencer, members, heir)

    monkeypatch.setattr(decisions, "_altered", wrong)


def members_are_kept_in_another_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """A group's record lists its members by name."""
    altered = decisions._altered

    def wrong(*about: Any) -> Any:
        record = altered(*about)
        return structs.replace(record, members=record.members and sorted(record.members))

    monkeypatch.setattr(decisions, "_altered", wrong)


def nothing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests are judged by what is about to change."""
    monkeypatch.setattr(Pending, "blocking", lambda *_: None)


def a_full_disk_is_no_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """What had no space is told as if it were kept."""

    def wrong(self: Hub, _: Rejected, effects: list[Any]) -> None:
        self._on_committed(Committed(self.state.seq + self._pending.records_count), effects)

    monkeypatch.setattr(Hub, "_on_rejected", wrong)


def a_snapshot_forgets_the_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a restart nobody may read what was said in their groups."""
    restore = ChatState.restore

    def wrong(self: ChatState, snapshot: Any) -> None:
        restore(self, structs.replace(snapshot, stays=[]))

    monkeypatch.setattr(ChatState, "restore", wrong)


def a_client_forgets_what_was_on_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was sent when a connection was cut is not sent again."""
    monkeypatch.setattr(Outbox, "after_cut", lambda self, **_: self._in_flight.clear())


def a_wire_is_never_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was paused stays so."""

    def wrong(self: Peer, *, reading: bool) -> None:
        if not reading and not self.paused:
            self.paused = True
            self.wire.pause()

    monkeypatch.setattr(Peer, "read_on", wrong)


def a_marker_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads something old again has read no more than that."""

    def wrong(self: ReadMarks, record: Any) -> None:
        self._marks.setdefault(record.name.lower(), {})[record.conversation] = record.read

    monkeypatch.setattr(ReadMarks, "apply", wrong)
    monkeypatch.setattr(ReadMarks, "get", lambda *_: -1)


def a_marker_is_accepted_and_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where somebody has read is said to be known, and is forgotten."""
    monkeypatch.setitem(RULES, MarkRead, RULES[MarkRead]._replace(decide=lambda *_: NOTHING_NEW))


def a_snapshot_forgets_the_markers(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a restart nobody has read anything."""
    restore = ChatState.restore

    def wrong(self: ChatState, snapshot: Any) -> None:
        restore(self, structs.replace(snapshot, read_marks=[]))

    monkeypatch.setattr(ChatState, "restore", wrong)


def markers_are_told_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks is told how far the first of all has read."""
    monkeypatch.setattr(ReadMarks, "of", lambda self, _: next(iter(self._marks.values()), {}))


PLANTS: list[Plant] = [
    *(told_before_the_commit, a_queued_answer_is_forgotten, a_resume_repeats_one, a_resume_skips_one),
    *(a_guest_inherits_what_was_told, the_youngest_inherits, members_are_kept_in_another_order, nothing_waits),
    *(a_full_disk_is_no_matter, a_snapshot_forgets_the_stays, a_client_forgets_what_was_on_its_way),
    *(a_wire_is_never_read_again, a_marker_goes_back, a_marker_is_accepted_and_not_kept),
    *(a_snapshot_forgets_the_markers, markers_are_told_to_others),
]


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_a_planted_bug_is_found(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    reports = (episode(seed) for seed in WORLDS)
    assert any(report.failure is not None for report in reports), plant.__doc__
