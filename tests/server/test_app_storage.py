"""Nothing is told before the journal has it, whichever commit fails and however."""

import pytest

from reactor_chat.errors import StorageError, StorageFull, StorageReadOnly
from reactor_chat.journal.memory import MemoryJournal
from reactor_chat.journal.reports import Entry
from reactor_chat.wire.messages import (
    Accepted,
    AskHistory,
    AskNames,
    AskWho,
    Bye,
    Exited,
    GroupAdd,
    GroupChanged,
    GroupSend,
    GroupSet,
    Hello,
    HistoryAnswer,
    Joined,
    Line,
    Login,
    NamesAnswer,
    Notice,
    Ping,
    Pong,
    Quit,
    Refused,
    Said,
    Say,
    Tell,
    Told,
    Welcome,
)
from tests.server.test_app_clock import enter_with_key
from tests.server.world import Person, TroubledJournal, World

COMMITS = 12
"""How many commits the play below takes at most, and one more."""


def no_trouble(_: int) -> None:
    """Let every commit succeed."""


def play(world: World) -> None:
    """Let four people use everything that changes something, many at once, in five turns."""
    ann, bob = (world.connect().ask(Login(name, 1)) for name in ("Ann", "Bob"))
    world.turn()
    ann.ask(Say("one", id="a1"), AskHistory(), GroupSet("team", ["Bob"], "a2"), AskWho("team"), Ping("a"))
    bob.ask(Say("two", id="b1"), Tell("Ann", "three", id="b2"), AskNames(), Tell("Nobody", "x", id="b3"))
    world.turn()
    cid, again = (world.connect().ask(Login(name, 1)) for name in ("Cid", "Ann"))
    world.turn()
    ann.ask(GroupAdd("team", ["Cid"], "a3"), GroupSend("team", "four", id="a4"), Say("five"))
    cid.ask(Say("six", id="c1"))
    again.ask(Ping("again"))
    bob.ask(Quit())
    world.turn()
    ann.ask(Say("seven", id="a5"), AskHistory(200))
    cid.half_close()
    world.turn()


def commits_of_the_play() -> int:
    journal = TroubledJournal(no_trouble)
    play(World(journal).start())
    return journal.commits


COMMITS_OF_THE_PLAY = commits_of_the_play()
COMMITS_OF_EXITS = {6, 8}
"""Nobody asked for these, so there is nobody to refuse; they are tried again."""


def seqs_told(person: Person) -> list[int]:
    """Every number this person has reason to believe in, from what is queued too."""
    person.wire.read += person.wire.queue
    person.wire.queue.clear()
    return person.seqs(Said, Told, GroupChanged, Joined, Exited, Accepted, Welcome)


def test_the_play_has_as_many_commits_as_the_tests_below_try() -> None:
    journal = TroubledJournal(no_trouble)
    play(World(journal).start())
    assert 5 <= journal.commits < COMMITS


def test_at_every_commit_nobody_has_been_told_more_than_the_journal_has() -> None:
    told_at_commit: list[int] = []

    def look(_: int) -> None:
        told_at_commit.append(max((seq for person in world.people for seq in seqs_told(person)), default=0))
        assert told_at_commit[-1] <= journal.head

    journal = TroubledJournal(look)
    world = World(journal).start()
    play(world)
    assert max(told_at_commit) > 0
    assert max(seq for person in world.people for seq in seqs_told(person)) == journal.head


@pytest.mark.parametrize("failing", range(1, COMMITS))
def test_a_failing_disk_stops_the_server_before_anyone_is_told(failing: int) -> None:
    def fail(count: int) -> None:
        if count == failing:
            raise StorageError("the disk is gone")

    journal = TroubledJournal(fail)
    world = World(journal).start()
    if failing <= COMMITS_OF_THE_PLAY:
        with pytest.raises(StorageError, match="the disk is gone"):
            play(world)
    else:
        play(world)
    told = max((seq for person in world.people for seq in seqs_told(person)), default=0)
    assert told <= journal.head, "what was told is what is there"


@pytest.mark.parametrize("failing", range(1, COMMITS))
def test_a_full_disk_refuses_writes_and_nothing_else(failing: int) -> None:
    def fail(count: int) -> None:
        if count == failing:
            raise StorageFull("the disk is full")

    journal = TroubledJournal(fail)
    world = World(journal).start()
    play(world)
    world.pass_time(10)
    promised = {n.seq for person in world.people for n in person.of(Accepted)}
    assert promised <= {row.seq for row in journal.replay()}
    refused = [n for person in world.people for n in person.of(Refused) if n.code == "no_space"]
    assert refused or failing > COMMITS_OF_THE_PLAY or failing in COMMITS_OF_EXITS
    journal.trouble = no_trouble
    # everybody who is still there sees the same, and the journal agrees with the state
    assert World(copy_of(journal)).start().app.hub.state.roster.names() == []
    late = world.enter("Late")
    late.ask(Say("works again", id="1"), AskNames())
    world.settle()
    assert late.of(Accepted)
    assert all(sorted(set(seqs := told_numbers(p))) == seqs for p in world.people), "in order, and each once"


def told_numbers(person: Person) -> list[int]:
    return person.seqs(Said, Told, GroupChanged, Joined, Exited)


def copy_of(journal: MemoryJournal) -> MemoryJournal:
    copy = MemoryJournal()
    for row in journal.replay():
        copy.commit([Entry(row.seq, row.payload)])
    return copy


class Switch:
    """Makes every commit fail while it is on."""

    def __init__(self) -> None:
        self.full = False

    def __call__(self, _: int) -> None:
        if self.full:
            raise StorageFull("the disk is full")


def test_while_the_disk_is_full_reads_are_served_and_afterwards_everything_is() -> None:
    switch = Switch()
    world = World(TroubledJournal(switch)).start()
    ann, bob = world.enter("Ann"), world.enter("Bob")
    ann.ask(Say("before", id="1"))
    world.turn()
    switch.full = True
    ann.new()
    ann.ask(Say("lost", id="2"), AskHistory(), AskNames(), Ping("x"), GroupSet("g", [], "3"), Say("lost too"))
    world.turn()
    heard = ann.new()
    assert [code_of(notice) for notice in heard] == ["no_space", "history", "names", "pong", "no_space", "no_space"]
    assert [getattr(notice, "re", None) for notice in heard] == ["2", None, None, None, "3", None]
    assert not bob.of(Refused)
    switch.full = False
    ann.ask(Say("found", id="2"))  # the same id: no_space is not remembered
    world.turn()
    assert ann.of(Accepted)
    assert [n.text for n in bob.of(Said)] == ["before", "found"]


def test_who_comes_while_the_disk_is_full_reads_and_enters_when_there_is_space() -> None:
    switch = Switch()
    world = World(TroubledJournal(switch)).start()
    ann = world.enter("Ann")
    ann.ask(Say("before"), Tell("Ann", "to myself"))
    world.turn()
    switch.full = True
    new = world.connect().ask(Login("New", 1, id="n"))
    world.turn()
    heard = new.new()
    assert [type(notice) for notice in heard] == [Hello, Welcome, Refused]
    refused = heard[2]
    assert isinstance(refused, Refused)
    assert (refused.code, refused.re) == ("no_space", "n")
    assert "you can read" in refused.text
    new.ask(AskHistory(), AskNames(), Say("lost", id="1"), Line("@nonsense", id="2"), Ping("x"), Login("Other", 1))
    world.turn()
    answers = new.new()
    codes = ["history", "names", "no_space", "invalid_command", "pong", "already_logged_in"]
    assert [code_of(notice) for notice in answers] == codes
    page = answers[0]
    assert isinstance(page, HistoryAnswer)
    assert [said.text for said in page.messages] == ["before"]
    assert answers[1] == NamesAnswer(["Ann"])
    other = world.connect().ask(Login("NEW", 1))
    world.turn()
    assert [n.code for n in other.of(Refused)] == ["name_taken"]
    switch.full = False
    world.pass_time(2)
    assert [n.name for n in ann.of(Joined)] == ["New"]
    assert not new.of(Joined), "who enters is not told of that"
    new.ask(Say("found", id="1"))
    world.settle()
    assert [n.text for n in ann.of(Said)] == ["before", "found"]
    assert len(new.of(Accepted)) == 1
    assert not new.of(Welcome), "and is not welcomed again"
    world.lose(new, "reset")
    world.pass_time(2)
    assert [n.name for n in ann.of(Exited)] == ["New"]


def test_an_owner_reads_what_is_its_own_while_the_disk_is_full() -> None:
    switch = Switch()
    world = World(TroubledJournal(switch)).start()
    ann, bob = enter_with_key(world), world.enter("Bob")
    ann.ask(Quit())
    bob.ask(Tell("Ann", "for you"))
    world.settle()
    switch.full = True
    again = enter_with_key(world, after=0)
    world.settle()
    assert [n.text for n in again.of(Told)] == ["for you"]
    third = enter_with_key(world)
    world.settle()
    assert [bye.reason for bye in again.of(Bye)] == ["taken_over"]
    third.ask(Quit())
    world.settle()
    assert not [n for n in bob.of(Exited, Joined) if n.name == "Ann"][1:], "nobody is told of readers"
    switch.full = False
    world.pass_time(3)
    assert not third.of(Joined)


def test_a_journal_that_is_only_read_takes_nobody_and_tries_nothing() -> None:
    def refuse(_: int) -> None:
        raise StorageReadOnly("read-only")

    world = World()
    world.start().enter("Ann").ask(Say("before"))
    world.turn()
    journal = TroubledJournal(no_trouble)
    for row in world.journal.replay():
        MemoryJournal.commit(journal, [Entry(row.seq, row.payload, ("said",) if b"before" in row.payload else ())])
    journal.trouble = refuse
    again = World(journal).start()
    bob = again.connect().ask(Login("Bob", 1), Say("lost"), AskHistory())
    again.settle()
    commits = journal.commits
    again.pass_time(10)
    assert journal.commits == commits
    assert [code_of(notice) for notice in bob.heard[1:]] == ["Welcome", "no_space", "no_space", "history"]
    assert all("read-only" in refusal.text for refusal in bob.of(Refused))


def code_of(notice: Notice) -> str:
    names = {HistoryAnswer: "history", NamesAnswer: "names", Pong: "pong"}
    return notice.code if isinstance(notice, Refused) else names.get(type(notice), type(notice).__name__)


def test_who_leaves_while_the_disk_is_full_has_left_when_there_is_space() -> None:
    switch = Switch()
    world = World(TroubledJournal(switch)).start()
    ann, bob, cid = world.enter("Ann"), world.enter("Bob"), world.enter("Cid")
    switch.full = True
    bob.ask(Quit())
    world.lose(cid, "reset")
    world.pass_time(5)
    assert bob.wire.closed
    assert not ann.of(Exited)
    switch.full = False
    world.pass_time(2)
    assert sorted(n.name for n in ann.of(Exited)) == ["Bob", "Cid"]
    world.enter("Bob")


def test_a_server_that_starts_with_a_full_disk_starts() -> None:
    world = World().start()
    world.enter("Ann")
    switch = Switch()
    journal = TroubledJournal(switch)
    for row in world.journal.replay():
        MemoryJournal.commit(journal, [Entry(row.seq, row.payload, ("presence",))])
    switch.full = True
    again = World(journal).start()
    person = again.connect().ask(Login("Bob", 1))
    again.turn()
    assert person.of(Refused)
    switch.full = False
    again.pass_time(5)
    person.ask(AskNames())
    again.settle()
    assert person.of(NamesAnswer) == [NamesAnswer(["Bob"])]
