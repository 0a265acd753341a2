"""What the requests about sealed conversations come to: by claims, in one order, and nothing for who has no key."""

from typing import Any

import msgspec
import pytest

from reactor_chat.chat import sealing
from reactor_chat.chat.state.chat_state import ChatState, Snapshot
from reactor_chat.chat.state.keyring import reference_of
from reactor_chat.wire import messages as m
from tests.chat.sealed_toy import KEYS, SUITE, SealedWorld, add, commit, create, group_id, package, put, sealed
from tests.chat.toy import Key

CONVERSATIONS: dict[str, dict[str, str]] = {"room": {}, "pair": {"with_": "Bob"}, "group": {"group": "team"}}
EVERYWHERE = pytest.mark.parametrize("where", CONVERSATIONS.values(), ids=CONVERSATIONS)


@pytest.fixture
def world() -> SealedWorld:
    """Ann, Bob, Cy and Dee, who own their names; Ann's group team with Bob and Cy in it."""
    world = SealedWorld("Ann", "Bob", "Cy", "Dee")
    world.by("Ann", m.GroupSet("team", ["Bob", "Cy"]))
    return world


def say(epoch: int, where: dict[str, str], number: int = 1, *, by: str = "Ann") -> m.Request:
    """A sealed message into a conversation."""
    content = sealed(epoch, number)
    if "with_" in where:
        return m.Tell("Bob" if by == "Ann" else "Ann", sealed=content)
    return m.GroupSend(where["group"], sealed=content) if where else m.Say(sealed=content)


def seen_by(name: str, where: dict[str, Any]) -> dict[str, Any]:
    """How somebody names a conversation."""
    return {"with_": "Ann"} if "with_" in where and name == "Bob" else where


# ------------------------------------------------------------------------------------------ from epoch to epoch


@EVERYWHERE
def test_a_conversation_is_sealed_and_goes_on_from_epoch_to_epoch(world: SealedWorld, where: Any) -> None:
    created = world.by("Ann", create(**where))
    assert isinstance(created, m.SealCreated)
    assert world.seals("Bob", **seen_by("Bob", where)).members == ["Ann"]
    committed = world.by("Ann", commit(0, add("Bob"), **where))
    assert isinstance(committed, m.SealCommitted)
    assert world.take(world.conns["Bob"]) == [committed], "the other one is told the very same"
    answer = world.seals("Bob", **seen_by("Bob", where))
    assert (answer.group_id, answer.epoch, answer.members, answer.by) == (group_id(1), 1, ["Ann", "Bob"], "Ann")
    assert (answer.salt, answer.suite, answer.seq) == (created.salt, SUITE, created.seq)
    assert world.by("Bob", say(1, where, by="Bob")).sealed == sealed(1)
    assert isinstance(world.by("Bob", commit(1, removes=["ANN"], **seen_by("Bob", where))), m.SealCommitted)
    assert world.seals("Ann", **where).members == ["Bob"]


@EVERYWHERE
@pytest.mark.parametrize(("epoch", "number"), [(0, 1), (2, 1), (1, 2)])
def test_what_was_overtaken_is_stale_and_may_be_sent_again(
    world: SealedWorld, where: Any, epoch: int, number: int
) -> None:
    world.by("Ann", create(**where))
    world.by("Ann", commit(0, add("Bob"), **where))
    before = len(world.records)
    assert world.code("Ann", commit(epoch, number=number, id="c", **where)) == "stale_epoch"
    assert world.code("Ann", say(epoch, where, number)) == "stale_epoch"
    assert len(world.records) == before, "such a refusal may pass, and is not remembered"
    assert world.by("Ann", commit(1, id="c", **where)) == m.Accepted("c", before + 1)


@EVERYWHERE
def test_of_two_commits_that_come_together_the_first_wins(world: SealedWorld, where: Any) -> None:
    world.by("Ann", create(**where))
    world.by("Ann", commit(0, add("Bob"), **where))
    world.take()
    world.send(world.conns["Bob"], commit(1, id="b", **seen_by("Bob", where)))
    world.send(world.conns["Ann"], commit(1, id="a", **where), say(1, where))
    world.commit()
    assert world.take(world.conns["Bob"])[-1] == m.Accepted("b", len(world.records))
    codes = [notice.code for notice in world.take(world.conns["Ann"]) if isinstance(notice, m.Refused)]
    assert codes == ["stale_epoch", "stale_epoch"]


@EVERYWHERE
def test_who_was_not_let_in_can_neither_speak_nor_commit(world: SealedWorld, where: Any) -> None:
    world.by("Ann", create(**where))
    assert world.code("Bob", say(0, where, by="Bob")) == "not_a_member"
    assert world.code("Bob", commit(0, **seen_by("Bob", where))) == "not_a_member"


# ------------------------------------------------------------------------------------------------ beginning and end


def test_the_first_in_the_journal_wins(world: SealedWorld) -> None:
    for name, number in (("Ann", 1), ("Bob", 2)):
        world.send(world.conns[name], create(number, id=name))
    world.commit()
    assert world.seals("Cy").group_id == group_id(1)
    assert [n.code for n in world.take(world.conns["Bob"]) if isinstance(n, m.Refused)] == ["stale_epoch"]


def test_who_may_begin_anew(world: SealedWorld) -> None:
    world.by("Ann", create(1))
    assert world.code("Bob", create(2, replaces=group_id(1))) == "not_allowed"
    world.by("Ann", commit(0, add("Bob")))
    assert world.code("Bob", create(2, replaces=group_id(9))) == "stale_epoch"
    assert isinstance(world.by("Bob", create(2, replaces=group_id(1))), m.SealCreated), "a member"
    assert world.seals("Ann").members == ["Bob"]
    assert isinstance(world.by("Ann", create(1, with_="Bob")), m.SealCreated)
    again = world.by("Bob", create(2, with_="Ann", replaces=group_id(1)))
    assert isinstance(again, m.SealCreated), "either of the two"
    ended = world.by("Cy", create(3, replaces=group_id(3), with_="Ann"))
    assert isinstance(ended, m.SealCreated), "what was to be replaced is not there, which is as well"


def test_a_group_is_sealed_by_its_owner_only(world: SealedWorld) -> None:
    assert world.code("Bob", create(group="team")) == "not_the_owner"
    assert world.code("Dee", create(group="team")) == "not_a_member"
    assert world.code("Dee", create(group="nothing")) == "no_such_group"
    assert isinstance(world.by("Ann", create(group="TEAM")), m.SealCreated)


@EVERYWHERE
def test_encryption_ends_for_everybody_by_who_may(world: SealedWorld, where: Any) -> None:
    assert world.code("Ann", m.SealOff(**where)) == "stale_epoch"
    world.by("Ann", create(**where))
    if "with_" not in where:
        assert world.code("Bob", m.SealOff(**where)) == "not_allowed"
    assert world.by("Ann", m.SealOff(**where)).group_id == group_id(1)
    assert world.seals("Ann", **where).group_id is None
    assert world.code("Ann", say(0, where)) == "stale_epoch", "what was sealed for it is not taken in plain"


@EVERYWHERE
def test_what_is_required_is_not_ended_and_takes_nothing_plain(world: SealedWorld, where: Any) -> None:
    world.by("Ann", create(require=True, **where))
    plain: dict[str, m.Request] = {"room": m.Say("x"), "pair": m.Tell("Bob", "x"), "group": m.GroupSend("team", "x")}
    request = plain[next(name for name, fields in CONVERSATIONS.items() if fields == where)]
    assert world.code("Ann", request) == "not_allowed"
    assert world.code("Ann", m.SealOff(**where)) == "not_allowed"
    assert world.seals("Ann", **where).require


def test_without_a_requirement_plain_text_passes(world: SealedWorld) -> None:
    world.by("Ann", create())
    assert world.by("Bob", m.Say("x")).text == "x"


def test_a_sealed_object_of_another_shape_passes_only_where_nothing_is_sealed(world: SealedWorld) -> None:
    assert world.by("Ann", m.Say(sealed={"v": 2})).sealed == {"v": 2}
    world.by("Ann", create())
    assert world.code("Ann", m.Say(sealed={"v": 2})) == "not_allowed"


def test_a_deleted_group_takes_its_sealed_conversation_with_it(world: SealedWorld) -> None:
    world.by("Ann", create(group="team"))
    world.by("Ann", m.GroupDelete("team"))
    world.by("Ann", m.GroupSet("team", ["Bob"]))
    assert world.seals("Bob", group="team").group_id is None


def test_who_is_kicked_from_a_group_is_told_nothing_more_and_stays_until_a_commit_removes_him(
    world: SealedWorld,
) -> None:
    world.by("Ann", create(group="team"))
    world.by("Ann", commit(0, add("Bob"), add("Cy"), group="team"))
    world.by("Ann", m.GroupKick("team", "Bob"))
    world.take()
    assert world.code("Bob", say(1, CONVERSATIONS["group"], by="Bob")) == "not_a_member"
    assert world.seals("Ann", group="team").members == ["Ann", "Bob", "Cy"]
    world.by("Ann", commit(1, removes=["Bob"], group="team"))
    assert world.take(world.conns["Bob"]) == []
    assert world.seals("Cy", group="team").members == ["Ann", "Cy"]
    assert world.code("Ann", commit(2, add("Bob"), group="team")) == "not_a_member"


# ------------------------------------------------------------------------------------------------ who comes in


def test_who_can_be_let_in_and_who_cannot(world: SealedWorld) -> None:
    world.join("Guest")
    world.by("Ann", create())
    for adds, code in (
        ([add("Nobody")], "no_such_user"),
        ([add("Guest")], "no_such_user"),
        ([add("\u212aann")], "no_such_user"),
        ([add("Ann")], "already_a_member"),
        ([add("Bob", 7)], "not_allowed"),
        ([add("Bob"), add("Bob")], "not_allowed"),
        ([m.SealAdd("Bob", add("Cy").reference)], "not_allowed"),
    ):
        assert world.code("Ann", commit(0, *adds)) == code, adds
    assert world.seals("Ann").epoch == 0


def test_only_the_two_can_be_let_into_a_pair(world: SealedWorld) -> None:
    world.by("Ann", create(with_="Bob"))
    assert world.code("Ann", commit(0, add("Cy"), with_="Bob")) == "not_allowed"
    assert isinstance(world.by("Ann", commit(0, add("Bob"), with_="Bob")), m.SealCommitted)


def test_a_package_is_used_once_and_a_last_resort_again_and_again(world: SealedWorld) -> None:
    world.by("Bob", put("Bob", 1, fresh=True, last_resort=b"package 9 of Bob"))
    world.by("Ann", create())
    for epoch, (number, code) in enumerate([(0, "not_allowed"), (1, None), (1, "not_allowed"), (9, None), (9, None)]):
        removes = ["Bob"] if epoch else []
        world.now += 3_600_000  # a conversation is begun anew now and then only
        world.by("Ann", create(number=epoch + 2, replaces=world.seals("Ann").group_id))
        answer = world.by("Ann", commit(0, add("Bob", number), number=epoch + 2, removes=removes))
        assert (answer.code if isinstance(answer, m.Refused) else None) == code, number


def test_a_lost_member_is_taken_out_and_let_in_by_one_commit(world: SealedWorld) -> None:
    world.by("Ann", create())
    world.by("Ann", commit(0, add("Bob")))
    assert world.code("Bob", m.SealAsk()) == "already_a_member"
    asked = world.by("Bob", m.SealAsk(lost=True))
    assert isinstance(asked, m.SealAsked)
    assert asked.lost
    assert world.seals("Ann").waiting == ["Bob"]
    world.by("Bob", put("Bob", 1))
    assert isinstance(world.by("Ann", commit(1, add("Bob", 1), removes=["Bob"])), m.SealCommitted)
    assert (world.seals("Ann").waiting, world.seals("Ann").members) == ([], ["Ann", "Bob"])


def test_asking_takes_a_sealed_conversation_and_counts_once(world: SealedWorld) -> None:
    assert world.code("Bob", m.SealAsk()) == "stale_epoch"
    world.by("Ann", create())
    for name in ("Bob", "Cy", "Bob"):
        world.send(world.conns[name], m.SealAsk())
        world.commit()
        world.now += 1_000
    assert world.seals("Ann").waiting == ["Cy", "Bob"]
    assert world.code("Dee", m.SealAsk(group="team")) == "not_a_member"


@pytest.mark.parametrize("members_max", [2, 3])
def test_there_are_only_so_many_members(members_max: int) -> None:
    world = SealedWorld("Ann", "Bob", "Cy", "Dee", sealed_members_max=members_max)
    world.by("Ann", create())
    adds = [add(name) for name in ("Bob", "Cy", "Dee")]
    assert world.code("Ann", commit(0, *adds[:members_max])) == "too_many"
    assert isinstance(world.by("Ann", commit(0, *adds[: members_max - 1])), m.SealCommitted)
    swapped = commit(1, adds[members_max - 1], removes=["Bob"])
    assert isinstance(world.by("Ann", swapped), m.SealCommitted)


def test_a_commit_names_only_objects_that_are_here(world: SealedWorld) -> None:
    world.by("Ann", create())
    half = bytes([7]) * 32
    world.by("Ann", m.BlobPut(half, 0, 2, b"x"))
    for blob in (half, bytes([8]) * 32):
        assert world.code("Ann", m.SealCommit(group_id(1), 0, commit_blob=blob)) == "not_allowed"
    world.send(world.conns["Ann"], m.BlobPut(half, 1, 2, b"y"), m.SealCommit(group_id(1), 0, commit_blob=half))
    world.commit()
    assert world.seals("Ann").epoch == 1, "the commit waits for the piece before it"


def test_somebody_seals_only_so_many_conversations(world: SealedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "SEALS_MAX", 2)
    for name in ("Bob", "Cy"):
        assert isinstance(world.by("Ann", create(with_=name)), m.SealCreated)
    assert world.code("Ann", create()) == "too_many"
    world.by("Ann", m.SealOff("Cy"))
    assert isinstance(world.by("Ann", create()), m.SealCreated)


# ------------------------------------------------------------------------------------------------ who has no key


@pytest.mark.parametrize("request_", [
    put("Guest"), m.AskKeys(["Ann"], SUITE), create(), commit(0), m.SealAsk(), m.SealOff(), m.AskSeals(),
    m.BlobPut(bytes(32), 0, 1, b"x"), m.AskBlob(bytes(32), 0),
], ids=lambda request: type(request).__name__)  # fmt: skip
def test_a_guest_takes_no_part(world: SealedWorld, request_: m.Request) -> None:
    assert world.answer(world.join("Guest"), request_).code == "not_allowed"


def test_nothing_is_sealed_for_guests_strangers_and_oneself(world: SealedWorld) -> None:
    world.join("Guest")
    assert world.code("Ann", create(with_="Guest")) == "not_allowed"
    assert world.code("Ann", create(with_="Nobody")) == "no_such_user"
    assert world.code("Ann", create(with_="\u212aann")) == "no_such_user"
    assert world.code("Ann", create(with_="ANN")) == "not_allowed"
    assert world.code("Ann", m.AskSeals("Guest")) == "not_allowed"


def test_a_released_name_leaves_nothing_to_who_takes_it_next(world: SealedWorld) -> None:
    world.by("Ann", create())
    world.by("Ann", create(with_="Bob"))
    world.by("Ann", commit(0, add("Bob")))
    world.by("Cy", m.SealAsk())
    for name in ("Bob", "Cy"):
        world.release(name)
        world.commit()
    assert (world.seals("Ann").members, world.seals("Ann").waiting) == (["Ann"], [])
    heir = world.join("Bob", Key(77), after=0)
    assert world.answer(heir, m.AskSeals("Ann")) == m.SealsAnswer("Ann")
    assert not [notice for notice in world.take(heir) if isinstance(notice, m.SealCreated) and notice.to == "Bob"]
    assert world.hub.state.keyring.next_of("Bob", SUITE) is None


# ------------------------------------------------------------------------------------------------ order and resume


@EVERYWHERE
def test_who_was_away_is_told_of_it_and_who_is_not_entitled_is_not(world: SealedWorld, where: Any) -> None:
    world.by("Ann", m.Say("before"))
    world.ask(world.conns["Bob"], m.Quit())
    after = len(world.records)
    world.by("Ann", create(**where))
    world.by("Ann", commit(0, add("Bob"), **where))
    world.by("Ann", say(1, where))
    bob = world.login("Bob", KEYS["Bob"], after=after)
    world.commit()
    kinds = [type(notice).__name__ for notice in world.take(bob) if hasattr(notice, "sender")]
    assert kinds[:2] == ["SealCreated", "SealCommitted"]
    assert len(kinds) == 3
    world.ask(world.conns["Dee"], m.Quit())
    dee = world.login("Dee", KEYS["Dee"], after=after)
    world.commit()
    told = [notice for notice in world.take(dee) if hasattr(notice, "sender")]
    assert len(told) == (0 if where else 3)


def test_history_holds_what_was_said_and_no_commits(world: SealedWorld) -> None:
    world.by("Ann", create(with_="Bob"))
    world.by("Ann", commit(0, add("Bob"), with_="Bob"))
    world.by("Ann", say(1, CONVERSATIONS["pair"]))
    page = world.by("Bob", m.AskHistory(with_="Ann"))
    assert [message.sealed for message in page.messages] == [sealed(1)]


def test_a_request_is_one_request_for_ever(world: SealedWorld) -> None:
    first = world.by("Ann", create(id="c"))
    assert world.by("Ann", create(id="c")) == first
    assert world.by("Ann", put("Ann", 1, id="p")) == world.by("Ann", put("Ann", 1, id="p"))
    refused = world.by("Bob", m.SealOff(id="o"))
    assert refused.code == "not_allowed"
    assert world.by("Bob", m.SealOff(id="o")) == refused


# ------------------------------------------------------------------------------------------------------- storms


@EVERYWHERE
def test_who_asks_again_and_again_is_let_in_less_and_less_often(world: SealedWorld, where: Any) -> None:
    """Whatever comes of it: let in, taken out, coming back, lost; for twenty seconds, four times a second."""
    world.by("Ann", create(**where))
    asked, epoch = 0, 0
    here = seen_by("Bob", where)
    for number in range(80):
        answer = world.by("Bob", m.SealAsk(lost=True, id=f"{number}", **here))
        if isinstance(answer, m.Accepted):
            asked += 1
            world.now += 10
            members = world.seals("Ann", **where).members
            removes = ["Bob"] if "Bob" in members else []
            world.by("Bob", put("Bob", asked, fresh=True))
            world.by("Ann", commit(epoch, add("Bob", asked), removes=removes, **where))
            epoch += 1
            world.commit()
        else:
            assert answer.code == "too_fast"
        world.now += 250
    assert asked == 4, "twice at once, and about 4 and 12 seconds later"


def test_asks_that_come_together_are_counted_one_by_one(world: SealedWorld) -> None:
    world.by("Ann", create())
    world.take()
    world.send(world.conns["Bob"], *(m.SealAsk(id=f"{number}") for number in range(5)), m.SealAsk(with_="Ann"))
    world.commit()
    told = world.take(world.conns["Bob"])
    assert [n.code for n in told if isinstance(n, m.Refused)] == ["too_fast"] * 3 + ["stale_epoch"]
    assert sum(isinstance(record, m.SealAsked) for record, _ in world.records) == 2


def test_a_refused_ask_says_when_and_passes_then(world: SealedWorld) -> None:
    world.by("Ann", create())
    world.by("Bob", m.SealAsk())
    world.by("Bob", m.SealAsk())
    refused = world.by("Bob", m.SealAsk(id="1"))
    assert refused.text == "You asked to be let in a moment ago; try again in 4 s"
    world.now += 4_000
    assert world.by("Bob", m.SealAsk(id="1")) == m.Accepted("1", len(world.records)), "not remembered under its id"


def test_coming_and_going_does_not_make_asking_quicker(world: SealedWorld) -> None:
    world.by("Ann", create(group="team"))
    for _ in range(2):
        world.by("Bob", m.SealAsk(group="team"))
    for request in (m.GroupLeave("team"), m.Quit()):
        world.by("Bob", request)
        world.commit()
        world.conns["Bob"] = world.join("Bob", KEYS["Bob"])
        world.by("Ann", m.GroupAdd("team", ["Bob"]))
    assert world.code("Bob", m.SealAsk(group="team")) == "too_fast"


@EVERYWHERE
def test_a_conversation_is_not_begun_anew_all_the_time(world: SealedWorld, where: Any) -> None:
    """Not by replacing it and not by ending it and beginning again; of each person, two times pass."""
    world.by("Ann", create(1, **where))
    assert isinstance(world.by("Ann", create(2, replaces=group_id(1), **where)), m.SealCreated)
    assert world.code("Ann", create(3, replaces=group_id(2), **where)) == "too_fast"
    world.by("Ann", m.SealOff(**where))
    assert world.code("Ann", create(3, **where)) == "too_fast"
    world.now += 4_000
    assert isinstance(world.by("Ann", create(3, **where)), m.SealCreated)
    world.now += 7_999
    assert world.code("Ann", create(4, replaces=group_id(3), **where)) == "too_fast"
    if "with_" in where:
        assert isinstance(world.by("Bob", create(4, replaces=group_id(3), **seen_by("Bob", where))), m.SealCreated)


def test_commits_that_use_up_the_packages_of_others_come_to_an_end(world: SealedWorld) -> None:
    """The people added need not have asked: each costs what a commit costs, in all conversations together."""
    world.by("Ann", create())
    world.by("Ann", create(group="team"))
    world.by("Bob", put("Bob", last_resort=package("Bob", 9)))
    for epoch in range(170):
        answer = world.by("Ann", commit(epoch, add("Bob", 9), removes=["Bob"]))
        answer = world.by("Ann", commit(epoch, group="team")) if isinstance(answer, m.SealCommitted) else answer
        assert isinstance(answer, m.SealCommitted), epoch
    assert isinstance(world.by("Ann", commit(170, add("Bob", 9), removes=["Bob"])), m.SealCommitted)
    refused = world.by("Ann", commit(170, group="team"))
    assert (refused.code, refused.text[-16:]) == ("too_fast", "try again in 1 s")
    world.now += 1_000
    assert isinstance(world.by("Ann", commit(170, group="team")), m.SealCommitted)


def test_what_was_done_in_haste_is_in_the_snapshot(world: SealedWorld) -> None:
    world.by("Ann", create())
    for _ in range(2):
        world.by("Bob", m.SealAsk())
    snapshot = world.hub.state.snapshot()
    written = msgspec.json.encode(snapshot)
    twin = ChatState()
    twin.restore(msgspec.json.decode(written, type=Snapshot))
    assert twin.hash() == world.hub.state.hash()
    assert twin.patience.wait_ms("ask", "Bob", "room", world.now) == 4_000
    older = {key: value for key, value in msgspec.json.decode(written).items() if key not in ("tried", "busy_until")}
    twin.restore(msgspec.convert(older, type=Snapshot))
    assert twin.patience.dump() == ([], []), "a snapshot from before is read"


def test_who_comes_back_after_a_release_asks_at_once_and_is_shown_to_the_members(world: SealedWorld) -> None:
    """With the key from before or another one, while the members' commit that takes him out may still be to come."""
    world.by("Ann", create())
    world.by("Ann", commit(0, add("Bob"), add("Cy")))
    for number, key in enumerate((KEYS["Bob"], Key(9)), 1):
        for _ in range(3):
            world.by("Bob", m.SealAsk(lost=True))
        world.release("Bob")
        world.commit()
        assert world.seals("Ann").waiting == []
        assert world.seals("Ann").members == ["Ann", "Cy"]
        world.conns["Bob"] = world.join("Bob", key)
        world.by("Bob", put("Bob", number))
        world.take()
        asked = world.by("Bob", m.SealAsk())
        assert isinstance(asked, m.SealAsked)
        assert asked in world.take(world.conns["Ann"])
        assert world.seals("Ann").waiting == ["Bob"]
        assert world.hub.state.keyring.has("Bob", SUITE, reference_of(package("Bob", number)))
        let_in = world.by("Ann", commit(number, add("Bob", number), removes=["Bob"]))
        assert isinstance(let_in, m.SealCommitted)
        assert (world.seals("Bob").members, world.seals("Bob").waiting) == (["Ann", "Cy", "Bob"], [])
