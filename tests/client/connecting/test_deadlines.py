"""An answer that does not come: doubt after 15 s, another connection after 30, and no alarm where all is well."""

import pytest

from reactor_chat.client.boundary import Action, NoteKind
from reactor_chat.client.connecting.states import State
from reactor_chat.wire.messages import Accepted, Ping, Pong
from tests.client.party import Party
from tests.client.toy import Watcher, again, ids, live, said

DOUBT = "No answer for 15 s…  The client connects again after 30 s"


def asked(at: float = 10.0, *, interactive: bool = True) -> Watcher:
    watcher = live(Watcher(interactive=interactive))
    watcher.engine.typed("Are you there?", at)
    assert len(ids(watcher)) == 1
    return watcher


@pytest.mark.parametrize(("seconds", "doubts"), [(14.9, []), (15.0, [DOUBT]), (29.9, [DOUBT])])
@pytest.mark.parametrize("interactive", [True, False])
def test_doubt_comes_after_15_seconds_without_an_answer(
    seconds: float, doubts: list[str], *, interactive: bool
) -> None:
    watcher = asked(10.0, interactive=interactive)
    watcher.engine.tick(10.0 + seconds)
    assert watcher.notes(NoteKind.NEWS) == doubts
    assert watcher.engine.messaging.link.is_doubted == bool(doubts)
    assert watcher.engine.state is State.LIVE


def test_after_30_seconds_another_connection_is_made_and_it_is_said_again() -> None:
    watcher = live(Watcher(interactive=True), guest=False)
    watcher.engine.typed("Are you there?", 10.0)
    assert len(ids(watcher)) == 1
    for now in (25.0, 40.0):
        assert watcher.engine.next_deadline == now
        watcher.engine.tick(now)
    assert watcher.took(Action.CLOSE)
    assert not watcher.engine.messaging.link.is_doubted
    assert watcher.notes(NoteKind.NEWS)[-1] == "Connection lost (no answer); trying to connect again"
    watcher.engine.tick(41.0)
    assert watcher.took(Action.CONNECT)
    again(watcher, guest=False, now=41.0)
    assert len(ids(watcher)) == 2
    assert len(set(ids(watcher))) == 1, "under the same id: it is said once"


def test_what_others_say_is_no_answer() -> None:
    watcher = asked(10.0)
    for seq in range(1, 16):
        watcher.hear(said(seq), now=10.0 + seq)
        watcher.engine.tick(10.0 + seq)
    assert watcher.notes(NoteKind.NEWS) == [DOUBT]


def test_an_answer_ends_the_doubt() -> None:
    watcher = asked(10.0)
    watcher.engine.tick(25.0)
    watcher.hear(Accepted(ids(watcher)[0], 1), now=26.0)
    assert watcher.notes(NoteKind.NEWS) == [DOUBT, "The server answers again"]
    assert not watcher.engine.messaging.link.is_doubted
    watcher.engine.tick(40.0)
    assert watcher.engine.state is State.LIVE


def test_a_server_that_answers_slowly_but_steadily_is_alive() -> None:
    watcher = live(Watcher(interactive=True))
    for _ in range(20):
        watcher.engine.typed("one of many", 0.0)
    now = 0.0
    for request_id in ids(watcher):
        now += 14.0
        watcher.engine.tick(now)
        watcher.hear(Accepted(request_id, int(now)), now=now)
        for ping in watcher.requests():
            if isinstance(ping, Ping):
                watcher.hear(Pong(None, ping.id), now=now)
    assert watcher.notes(NoteKind.NEWS) == []
    assert watcher.engine.state is State.LIVE


def test_whoever_does_not_read_the_server_draws_no_conclusion_from_its_silence() -> None:
    watcher = asked(10.0)
    watcher.engine.messaging.link.read_on(12.0, is_read=False)
    watcher.engine.tick(49.0)
    assert watcher.engine.state is State.LIVE
    assert watcher.notes(NoteKind.NEWS) == []
    watcher.engine.messaging.link.read_on(49.0, is_read=True)
    watcher.engine.tick(63.9)
    assert watcher.notes(NoteKind.NEWS) == []
    assert watcher.engine.next_deadline == 64.0


def test_something_is_said_every_40_seconds_however_much_others_say() -> None:
    watcher = live(Watcher(interactive=True))
    for seq in range(1, 101):
        watcher.hear(said(seq), now=float(seq))
        watcher.engine.tick(float(seq))
        for ping in watcher.requests():
            if isinstance(ping, Ping):
                watcher.hear(Pong(None, ping.id), now=float(seq))
    assert sum(isinstance(request, Ping) for request in watcher.requests()) == 2


def test_everything_that_clients_with_keys_send_is_answered() -> None:
    party = Party()
    people = [party.enter(name) for name in ("Ann", "Bob", "Cid")]
    people[0].type("@encrypt on", "hello", "@Bob to you", "@group set team Bob,Cid", "@group send team to us")
    party.wait(5)
    people[1].type("@Ann and back", "@encrypt rekey @Ann", "@names", "@history", "@group leave team", "@verify Ann")
    party.wait(130)
    for person in people:
        assert not person.sees("No answer"), person.lines
        assert not person.sees("Connection lost"), person.lines
        assert not person.engine.messaging.link.is_doubted
