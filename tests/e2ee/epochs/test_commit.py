"""Commits of our own: whose turn it is, that they are kept and sent again as they are, and when keys are renewed."""

from reactor_chat.e2ee.boundary import Arm, Rekey
from reactor_chat.e2ee.membership.member_changes import RANK_MAX
from reactor_chat.wire.conversation import ROOM
from reactor_chat.wire.messages import Request, SealAsk, SealCommit
from tests.e2ee.service import noted
from tests.e2ee.world import World


def world_of(seed: object) -> World:
    world = World(seed, "Ann", "Bob", "Cid")
    world.seal_room("Ann")
    return world


def test_the_first_who_is_there_goes_first_and_the_others_wait_their_turn() -> None:
    world = world_of("turns")
    for name in world.people:
        desk, talk = world[name].session.desk, world[name].talk()
        desk.now = 100.0
        talk.commit.want_since(desk.now)
    turns = [world[name].part().changes.turn_at for name in ("Ann", "Bob", "Cid")]
    assert turns == [100.3, 100.6, 100.0 + 0.3 * 3]
    world["Bob"].session.desk.present = {"bob", "cid"}
    assert world["Bob"].part().changes.turn_at == 100.3, "Ann is not there"
    assert RANK_MAX * 0.3 < 10, "nobody waits long for many who are not there"


def test_one_of_them_commits_and_the_others_do_not() -> None:
    world = world_of("one")
    made: list[tuple[str, Request]] = []
    world.service.swallow = lambda name, request: noted(made, (name, request))
    world.join("Dan")
    world.pass_time(10)
    assert [name for name, request in made if isinstance(request, SealCommit)] == ["ann"]


def test_if_the_first_does_not_the_next_one_does() -> None:
    world = world_of("next")
    made: list[str] = []

    def lose_anns(name: str, request: Request) -> bool:
        if isinstance(request, SealCommit):
            made.append(name)
        return name == "ann" and isinstance(request, SealCommit)

    world.service.swallow = lose_anns
    world.join("Dan")
    world.pass_time(10)
    assert made == ["ann", "bob"]
    assert "dan" in world["Cid"].talk().names


def test_who_has_something_to_say_commits_first_and_does_not_wait() -> None:
    world = world_of("urgent")
    world.service.swallow = lambda name, request: name in {"ann", "bob"} and isinstance(request, SealCommit)
    dan = world.join("Dan")
    world["Cid"].say("canarybird for Dan too")
    world.settle()
    world.pass_time(5)
    assert dan.read == ["canarybird for Dan too"], dan.alarms


def test_a_commit_that_was_lost_on_its_way_is_sent_again_as_it_is() -> None:
    world = world_of("again")
    sent: list[SealCommit] = []

    def lose(name: str, request: Request) -> bool:
        if isinstance(request, SealCommit):
            sent.append(request)
        return isinstance(request, SealCommit) and len(sent) == 1

    world.service.swallow = lose
    world["Bob"].order(Rekey(ROOM))
    world.pass_time(1)
    world["Bob"].crash()
    world["Bob"].connect()
    world.pass_time(5)
    assert len(sent) == 2
    assert sent[0] == sent[1], "the same bytes under the same id"
    assert {world[name].talk().group.epoch for name in world.people} == {2}  # type: ignore[union-attr]


def test_what_is_wanted_follows_from_what_is_known() -> None:
    world = world_of("wanted")
    desk, talk = world["Ann"].session.desk, world["Ann"].talk()
    wanted = world["Ann"].part().changes.wanted
    assert not wanted().is_anything
    talk.newcomers.expect("dan")
    assert wanted().adds == ["dan"]
    talk.newcomers.leavers.add("cid")
    leaf = next(leaf for leaf, person in talk.people.items() if person.folded == "cid")
    assert wanted().removes == [leaf]
    desk.trust.see("Dan", world["Bob"].session.desk.own_key, 1)
    desk.trust.block("Dan")
    assert wanted().adds == []
    talk.newcomers.forget_all()
    talk.newcomers.ask("bob", is_lost=True)
    assert wanted().adds == ["bob"], "who cannot follow is let in again"


def test_asking_is_done_once_on_a_connection_and_again_by_order() -> None:
    world = World("asks", "Ann", "Bob")
    world["Bob"].disconnect()
    world["Ann"].order(Arm(ROOM))
    world.pass_time(2)
    made: list[Request] = []
    world.service.swallow = lambda _, request: noted(made, request) or isinstance(request, SealCommit)
    dan = world.join("Dan")
    for _ in range(3):
        dan.order(Rekey(ROOM))
        world.pass_time(10)
    assert sum(isinstance(request, SealAsk) for request in made) == 1
    dan.order(Arm(ROOM))
    assert sum(isinstance(request, SealAsk) for request in made) == 2
