"""What becomes of a marker that somebody moves: forward only, in one's own conversations, and told to nobody else."""

from typing import Any

import pytest

from reactor_chat.chat import boundary as b
from reactor_chat.chat.limits.costs import charge_of
from reactor_chat.chat.read_marks import LIST_MARKS_MAX
from reactor_chat.chat.state.read_marks import MARKS_MAX
from reactor_chat.chat.state.records import Declined, MarkedRead
from reactor_chat.wire import messages as m
from reactor_chat.wire.codec import encode
from reactor_chat.wire.messages import SEQ_MAX
from tests.chat.test_readers import reading
from tests.chat.toy import Key, World

KEY, OTHER = Key(1), Key(2)


def marks(world: World, conn: int) -> list[m.ReadMark]:
    """What somebody is told of their markers, in however many parts."""
    parts = [part for part in world.ask(conn, m.AskReadMarks("?")) if isinstance(part, m.ReadMarksAnswer)]
    assert [part.more for part in parts] == [True] * (len(parts) - 1) + [False]
    assert {part.re for part in parts} == {"?"}
    return [one for part in parts for one in part.marks]


class Party:
    """Ann and Bob, who own their names, Gus, who does not, and a group of all three; something was said."""

    def __init__(self) -> None:
        self.world = World()
        self.ann, self.bob = self.world.join("Ann", KEY), self.world.join("Bob", OTHER)
        self.gus = self.world.join("Gus")
        for request in (m.GroupSet("team", ["Bob", "Gus"]), m.Say("x"), m.Tell("Bob", "y"), m.GroupSend("team", "z")):
            self.world.ask(self.ann, request)

    @property
    def head(self) -> int:
        return self.world.hub.state.seq

    def read(self, seq: int, conn: int | None = None, **where: str) -> Any:
        """What is answered; None where nothing is."""
        answers = self.world.ask(conn or self.ann, m.MarkRead(seq, **where, id="m"))
        assert len(answers) == 1
        return answers[0]


def test_a_marker_goes_forward_and_is_recorded_only_where_it_does() -> None:
    party = Party()
    for seq, moves in ((3, True), (2, False), (3, False), (0, False), (4, True), (3, False)):
        before = party.head
        assert party.read(seq) == m.Accepted("m", before + moves)
        assert party.head == before + moves
    assert [record for record, _ in party.world.records if isinstance(record, MarkedRead)] == [
        MarkedRead(8, party.world.now, "Ann", "room", 3), MarkedRead(9, party.world.now, "Ann", "room", 4),
    ]  # fmt: skip
    assert marks(party.world, party.ann) == [m.ReadMark(4)]


def test_everything_said_again_and_again_is_recorded_once() -> None:
    party = Party()
    head = party.head
    for seq in (head + 1, head + 2, head + 2):
        assert party.read(SEQ_MAX) == m.Accepted("m", seq)
        assert party.read(SEQ_MAX, party.bob) == m.Accepted("m", head + 2)
    party.world.ask(party.bob, m.Say("news"))
    assert party.read(SEQ_MAX) == m.Accepted("m", head + 4)
    assert marks(party.world, party.ann) == [m.ReadMark(head + 3)]


@pytest.mark.parametrize("beyond", [-1, 0, 1, SEQ_MAX - 7])
def test_it_goes_no_further_than_what_there_is(beyond: int) -> None:
    party = Party()
    head = party.head
    assert head == 7
    party.read(head + beyond)
    assert marks(party.world, party.ann) == [m.ReadMark(min(head, head + beyond))]


def test_what_is_on_its_way_before_it_may_be_meant_and_what_comes_behind_it_is_not() -> None:
    party = Party()
    head = party.head
    party.world.send(party.bob, m.Say("on its way"))
    party.world.send(party.ann, m.MarkRead(SEQ_MAX))
    party.world.send(party.bob, m.Say("behind"))
    party.world.commit()
    assert marks(party.world, party.ann) == [m.ReadMark(head + 1)]


def test_each_conversation_has_its_own_and_each_person() -> None:
    party = Party()
    wheres: list[dict[str, Any]] = [{"with_": "BOB"}, {"group": "TEAM"}, {}, {"with_": "gus"}, {"with_": "ann"}]
    for seq, where in enumerate(wheres, 2):
        party.read(seq, **where)
    assert party.read(1, party.bob, with_="Ann") == m.Accepted("m", party.head)
    own = [m.ReadMark(2, "Bob"), m.ReadMark(3, group="team"), m.ReadMark(4), m.ReadMark(5, "Gus"), m.ReadMark(6, "Ann")]
    assert marks(party.world, party.ann) == own
    party.read(4, with_="Bob")
    assert marks(party.world, party.ann) == [*own[1:], m.ReadMark(4, "Bob")], "the newest move is the last"
    assert marks(party.world, party.bob) == [m.ReadMark(1, "Ann")]


def test_it_is_refused_where_history_would_be_and_nothing_is_recorded_of_that() -> None:
    party = Party()
    party.world.ask(party.bob, m.GroupSet("others", []))
    before = party.head
    wheres: list[tuple[dict[str, Any], str]] = [
        ({"group": "others"}, "not_a_member"),
        ({"group": "none"}, "no_such_group"),
        ({"with_": "Nobody"}, "no_such_user"),
        *(({"with_": name}, "no_such_user") for name in ("", "Bob/", "a b", "\u212a", "bob\n")),
    ]
    for where, code in wheres:
        refused = party.read(1, **where)
        assert (refused.code, refused.re) == (code, "m")
        assert party.world.answer(party.ann, m.AskHistory(**where)).code == code
    assert party.head == before
    party.world.join("Nobody")
    assert party.read(1, with_="Nobody") == m.Accepted("m", party.head), "that it was refused is not remembered"
    assert not any(isinstance(record, Declined) for record, _ in party.world.records)


def test_guests_have_none() -> None:
    party = Party()
    before = party.head
    wheres: list[dict[str, Any]] = [{}, {"with_": "Ann"}, {"group": "team"}, {"group": "none"}]
    for where in wheres:
        assert party.read(1, party.gus, **where).code == "not_allowed"
    assert party.head == before
    assert marks(party.world, party.gus) == []


def test_what_a_guest_said_who_is_gone_can_be_read_where_it_was_begun() -> None:
    party = Party()
    party.world.ask(party.gus, m.Tell("Ann", "one"))
    party.read(party.head, with_="Gus")
    party.world.ask(party.gus, m.Quit())
    head = party.head
    assert party.read(head, with_="GUS") == m.Accepted("m", head + 1)
    assert marks(party.world, party.ann) == [m.ReadMark(head, "gus")]
    assert party.read(1, party.bob, with_="Gus").code == "no_such_user"


def test_an_id_stands_for_no_outcome_and_no_message_loses_its_own_to_it() -> None:
    party = Party()
    first = party.read(1)
    assert party.read(2) == m.Accepted("m", first.seq + 1), "the same id, and a marker that goes on"
    outcomes = dict(party.world.hub.state.receipts.dump())
    assert "ann" not in outcomes
    said = party.world.answer(party.ann, m.Say("x", id="said"))
    assert party.world.answer(party.ann, m.MarkRead(5, id="said")) == said, "an id is one request's"
    assert marks(party.world, party.ann) == [m.ReadMark(2)]


def test_without_an_id_nobody_is_told_anything() -> None:
    party = Party()
    for _ in range(2):
        assert party.world.ask(party.ann, m.MarkRead(3)) == []
    assert marks(party.world, party.ann) == [m.ReadMark(3)]


def test_nobody_hears_of_it_neither_at_once_nor_later_and_no_page_shows_it() -> None:
    party = Party()
    world, head = party.world, party.head
    world.take()
    for seq in (1, 2, 3):
        world.send(party.ann, m.MarkRead(seq, with_="Bob"), m.MarkRead(seq), m.MarkRead(seq, group="team"))
        world.commit()
    assert party.head == head + 9
    assert not any(world.take(conn) for conn in (party.ann, party.bob, party.gus))
    assert all(labels == () for record, labels in world.records[head:])
    world.ask(party.bob, m.Say("later"))
    page = world.answer(party.bob, m.AskHistory())
    assert [message.text for message in page.messages] == ["x", "y", "z", "later"]
    back = world.login("Bob", OTHER, after=head)
    world.commit()
    welcome, *missed = world.take(back)
    assert isinstance(welcome, m.Welcome)
    assert (welcome.seq, [type(notice) for notice in missed]) == (head + 10, [m.Said])


def test_a_groups_marker_goes_with_the_group_and_a_later_one_of_its_name_has_none() -> None:
    party = Party()
    world = party.world
    for conn in (party.ann, party.bob):
        party.read(3, conn, group="team")
    world.ask(party.ann, m.GroupKick("team", "Bob"))
    assert marks(world, party.bob) == []
    world.ask(party.ann, m.GroupAdd("team", ["Bob"]))
    assert marks(world, party.bob) == []
    party.read(4, party.bob, group="team")
    world.ask(party.ann, m.GroupLeave("team"))
    assert (marks(world, party.ann), marks(world, party.bob)) == ([], [m.ReadMark(4, group="team")])
    for request in (m.GroupLeave("team"), m.GroupSet("team", [])):
        world.ask(party.bob, request)
    assert marks(world, party.bob) == []


def test_a_change_of_the_group_on_its_way_is_waited_for() -> None:
    party = Party()
    world = party.world
    world.send(party.ann, m.GroupKick("team", "Bob"))
    world.send(party.bob, m.MarkRead(3, group="team", id="m"))
    assert len(world.appended) == 1
    world.commit()
    assert world.take(party.bob)[-1].code == "not_a_member"  # type: ignore[union-attr]
    assert marks(world, party.bob) == []


def test_two_of_one_conversation_wait_for_each_other_and_others_share_a_commit() -> None:
    party = Party()
    world = party.world
    world.send(party.ann, m.MarkRead(4, id="1"), m.MarkRead(3, group="team", id="2"), m.MarkRead(3, id="3"))
    assert len(world.appended) == 2
    head = party.head
    world.take()
    world.commit()
    assert world.take(party.ann) == [m.Accepted(str(n), head + min(n, 2)) for n in (1, 2, 3)]
    assert party.head == head + 2, "the third went back, which is seen when the first is there"


def test_a_released_name_has_none_and_what_others_read_of_its_owner_stays() -> None:
    party = Party()
    world = party.world
    party.read(3)
    party.read(4, party.bob, with_="Ann")
    world.release("Ann")
    world.commit()
    assert marks(world, world.join("Ann", Key(3))) == []
    assert marks(world, party.bob) == [m.ReadMark(4, "Ann")]


def test_they_outlive_a_connection_and_are_the_owners_only() -> None:
    party = Party()
    world = party.world
    party.read(3, with_="Bob")
    world.ask(party.ann, m.Quit())
    assert marks(world, world.join("aNN", KEY)) == [m.ReadMark(3, "Bob")]


def test_who_reads_alone_is_told_what_is_kept_and_moves_nothing() -> None:
    party = Party()
    world = party.world
    party.read(3)
    world.ask(party.ann, m.Quit())
    ann, gil = reading(world, "Ann", KEY), reading(world, "Gil", Key(5))
    assert marks(world, ann) == [m.ReadMark(3)]
    assert party.read(5, ann).code == "no_space"
    assert marks(world, gil) == []


def test_who_reads_under_a_name_that_somebody_else_owns_by_now_is_told_nothing_of_theirs() -> None:
    party, elsewhere = Party(), Party()
    gil = reading(party.world, "Gil", Key(5))
    head = elsewhere.head
    elsewhere.world.ask(elsewhere.ann, m.Say("first"))
    theirs = elsewhere.world.join("Gil", Key(6))
    elsewhere.read(3, theirs)
    records = [record for record, _ in elsewhere.world.records[head:]]
    party.world.records += elsewhere.world.records[head:]
    party.world.handle(b.Superseded(records))
    assert party.world.hub.state.read_marks.get("gil", "room") == 3
    assert marks(party.world, gil) == []


@pytest.mark.parametrize(
    "count", [0, 1, LIST_MARKS_MAX - 1, LIST_MARKS_MAX, LIST_MARKS_MAX + 1, MARKS_MAX, MARKS_MAX + 1]
)
def test_they_come_in_parts_which_fit_a_frame(count: int) -> None:
    party = Party()
    state = party.world.hub.state
    for number in range(count):
        state.apply(MarkedRead(state.seq + 1, 0, "Ann", f"pair/{number:032}", SEQ_MAX))
    party.world.send(party.ann, m.AskReadMarks("i" * 64))
    parts = [part for part in party.world.take(party.ann) if isinstance(part, m.ReadMarksAnswer)]
    told = [one.with_ for part in parts for one in part.marks]
    assert told == [f"{number:032}" for number in range(count)][-MARKS_MAX:]
    assert len(parts) == max(1, -(-min(count, MARKS_MAX) // LIST_MARKS_MAX))
    assert all(len(encode(part)) <= 65_536 for part in parts)


def test_it_costs_what_a_message_costs() -> None:
    assert charge_of(b.Received(1, m.MarkRead(1))) == charge_of(b.Received(1, m.Say("x"))) == 1


@pytest.mark.parametrize("where", [{}, {"with_": "Bob"}, {"group": "team"}])
def test_what_the_journal_did_not_take_is_not_so(where: dict[str, Any]) -> None:
    party = Party()
    party.world.send(party.ann, m.MarkRead(3, **where, id="m"))
    party.world.reject()
    assert party.world.take(party.ann)[-1].code == "no_space"  # type: ignore[union-attr]
    assert marks(party.world, party.ann) == []
    assert party.read(3, **where) == m.Accepted("m", party.head)
