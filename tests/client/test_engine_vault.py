"""The engine with a key and a vault: what leaves is kept, what comes is archived, and the next run goes on."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from reactor_chat.client.boundary import Action, Arrived, Earlier, ExitStatus, NoteKind
from reactor_chat.client.store.identity import KeyIdentity
from reactor_chat.client.store.vault import Archived, MemoryVault
from reactor_chat.errors import StorageFull
from reactor_chat.wire.messages import Accepted, Bye, Login, Ping, Pong, Quit, Refused, Request, Say
from reactor_chat.wire.transcript import login_transcript
from tests.client.toy import NONCE, Watcher, again, hello, ids, live, said, said_by, texts, welcome

KEY = KeyIdentity(bytes(range(32)))


class Drawer(MemoryVault):
    """A vault for several runs of a test: what is committed stays, `kill` forgets the rest."""

    is_durable = True

    def __init__(self) -> None:
        super().__init__()
        self.is_full = False
        self.log: list[Archived] = []
        self.names: list[str] = []
        self.printed_place = 0
        self._safe: tuple[int | None, dict[str, Request], list[Archived]] = (None, {}, [])

    def choose(self, name: str) -> None:
        self.names.append(name)

    def archive(self, seq: int, payload: bytes) -> int:
        self.move_cursor(seq)
        self.log.append(Archived(len(self.log) + 1, payload))
        return len(self.log)

    def unprinted(self) -> list[Archived]:
        return [a for a in self.log if a.place > self.printed_place]

    def tail(self, count: int) -> list[Archived]:
        return [a for a in self.log if a.place <= self.printed_place][-count:] if count else []

    def printed(self, place: int) -> None:
        self.printed_place = place

    def commit(self) -> None:
        if self.is_full:
            raise StorageFull("There is no space left for it; make some")
        self._safe = (self._cursor, {**self._kept}, [*self.log])

    def kill(self) -> "Drawer":
        self._cursor, self._kept, self.log = self._safe[0], {**self._safe[1]}, [*self._safe[2]]
        return self


def owner(drawer: Drawer, **settings: Any) -> Watcher:
    return Watcher("Ann", vault=drawer, identity=KEY, **settings)


def sends(requests: list[Request]) -> list[Say]:
    return [r for r in requests if isinstance(r, Say)]


def test_the_signature_holds_for_the_nonce_the_name_and_the_binding() -> None:
    watcher = owner(Drawer())
    watcher.engine.start(0.0)
    watcher.engine.connected(0.0, b"b" * 32)
    watcher.hear(hello())
    (login,) = watcher.requests()
    assert isinstance(login, Login)
    assert login.key is not None
    assert login.signature is not None
    transcript = login_transcript(NONCE, "Ann", KEY.key, b"b" * 32)
    Ed25519PublicKey.from_public_bytes(login.key).verify(login.signature, transcript)


def test_what_is_typed_is_kept_before_it_leaves_and_sent_again_by_the_next_run() -> None:
    drawer = Drawer()
    first = live(owner(drawer), guest=False)
    first.engine.typed("one", 0.0)
    first.engine.typed("two", 0.0)
    first.take()
    second = live(owner(drawer.kill(), id_prefix="second"), guest=False)
    assert [r.id for r in sends(second.requests())] == ids(first)
    assert second.notes(NoteKind.NEWS) == ["Sending 2 lines kept from last time"]
    second.hear(Accepted(ids(first)[0], 1), said(2, "Ann", "two", ids(first)[1]))
    second.take()
    assert sends(live(owner(drawer.kill(), id_prefix="third"), guest=False).requests()) == []


def test_the_next_run_asks_for_what_it_missed_and_waits_for_it_before_it_quits() -> None:
    drawer = Drawer()
    live(owner(drawer), seq=4, guest=False).hear(said(5))
    drawer.commit()
    second = live(owner(drawer), seq=9, guest=False)
    second.engine.end_of_input(0.0)
    login, ping = second.requests()
    assert isinstance(login, Login)
    assert (login.after, type(ping)) == (5, Ping)
    second.hear(said(7), Pong(None, ping.id))
    assert second.requests()[-1] == Quit()


def test_what_was_archived_and_not_shown_is_shown_first() -> None:
    drawer = Drawer()
    first = live(owner(drawer), guest=False)
    first.hear(said(1, text="seen"), said(2, text="not seen"))
    first.take()
    first.engine.messaging.mailbox.printed(
        next(item.place for item in first.shown if isinstance(item, Arrived) and item.place)
    )
    second = live(owner(drawer.kill(), scrollback=9), seq=2, guest=False)
    earlier = [item for item in second.shown if isinstance(item, Earlier)]
    assert [texts(item.notices) for item in earlier] == [["seen"]]
    assert texts(second.notices) == ["not seen"]
    drawer.printed(2)
    third = live(owner(drawer.kill()), seq=2, guest=False)
    assert not [item for item in third.shown if isinstance(item, Earlier)]
    assert texts(third.notices) == []


def test_a_gap_is_one_visible_line_that_no_crash_hides() -> None:
    drawer = Drawer()
    live(owner(drawer), seq=4, guest=False)
    watcher = live(owner(drawer), seq=90, guest=False)
    gap = Refused("gap", "What you missed is not kept any more")
    watcher.hear(gap)
    assert watcher.notices[-1] == gap
    assert drawer.cursor() == 90
    assert live(owner(drawer.kill()), seq=90, guest=False).notices.count(gap) == 1


def test_a_server_that_began_anew_is_told_of() -> None:
    drawer = Drawer()
    live(owner(drawer), seq=90, guest=False)
    assert "started over" in live(owner(drawer), seq=2, guest=False).notes(NoteKind.NEWS)[0]


def test_where_nothing_can_be_kept_nothing_leaves() -> None:
    drawer = Drawer()
    watcher = live(owner(drawer), guest=False)
    drawer.is_full = True
    watcher.engine.typed("one", 0.0)
    watcher.hear(said(1))
    assert watcher.notices[2:] == []
    assert sends(watcher.requests()) == []
    assert watcher.took(Action.STOP)
    assert watcher.engine.exit_status is ExitStatus.FAILED
    assert watcher.notes(NoteKind.FAILURE) == ["There is no space left for it; make some"]
    assert watcher.notes(NoteKind.DOUBT) == ["Perhaps not delivered: one"]
    drawer.is_full = False
    assert (drawer.kill().cursor(), drawer.kept()) == (0, [])


def test_what_is_left_at_the_end_is_kept_for_next_time() -> None:
    drawer = Drawer()
    watcher = live(owner(drawer), guest=False)
    watcher.engine.cut(0.0, "gone")
    watcher.engine.typed("later", 0.0)
    watcher.engine.leave(0.0)
    assert watcher.notes(NoteKind.DOUBT) == ["Kept for next time: later"]
    assert said_by(drawer.kill().kept()) == ["later"]


def test_what_was_typed_for_a_name_that_is_not_ours_is_not_kept() -> None:
    drawer = Drawer()
    watcher = owner(drawer)
    watcher.engine.start(0.0)
    watcher.engine.typed("hello", 0.0)
    watcher.engine.connected(0.0)
    watcher.hear(hello(), Refused("name_taken", "Username is already taken"))
    assert "belongs to another key" in watcher.notes(NoteKind.FAILURE)[0]
    assert watcher.notes(NoteKind.DOUBT) == ["Not sent: hello"]
    assert drawer.kill().kept() == []


def test_a_person_hears_whose_a_name_is_and_may_choose_another() -> None:
    drawer = Drawer()
    watcher = owner(drawer, interactive=True)
    watcher.engine.start(0.0)
    watcher.engine.connected(0.0)
    watcher.hear(hello(), Refused("name_taken", "Username is already taken"))
    assert "belongs to another key" in watcher.notes(NoteKind.NEWS)[0]
    watcher.engine.typed("Anna", 0.0)
    assert drawer.names == ["Ann", "Anna"]
    assert [r.name for r in watcher.requests() if isinstance(r, Login)] == ["Ann", "Anna"]


@pytest.mark.parametrize(
    "answer",
    [Refused("bad_signature", "No"), Bye("taken_over", "You logged in elsewhere")],
    ids=["signature", "takeover"],
)
def test_a_proof_refused_and_a_takeover_end_with_77(answer: Refused | Bye) -> None:
    watcher = owner(Drawer(), interactive=True)
    watcher.engine.start(0.0)
    watcher.engine.connected(0.0)
    watcher.hear(hello(), *([] if isinstance(answer, Refused) else [welcome(guest=False)]), answer)
    assert watcher.took(Action.STOP)
    assert watcher.engine.exit_status is ExitStatus.REFUSED


def test_a_key_does_not_wait_for_a_name_that_is_gone() -> None:
    watcher = live(owner(Drawer(), interactive=True), guest=False)
    watcher.engine.cut(0.0, "gone")
    watcher.engine.tick(1.0)
    watcher.engine.connected(1.0)
    watcher.hear(hello(), Refused("name_taken", "Username is already taken"), now=1.0)
    assert watcher.engine.wants_name


def test_after_a_cut_a_key_logs_in_again_and_sends_again() -> None:
    drawer = Drawer()
    watcher = live(owner(drawer, interactive=True), guest=False)
    watcher.engine.typed("one", 0.0)
    watcher.take()
    watcher.engine.cut(0.0, "gone")
    watcher.engine.tick(1.0)
    again(watcher, guest=False, now=1.0)
    assert ids(watcher) == [ids(watcher)[0]] * 2
    assert watcher.engine.messaging.changes_waiting == 1
