"""Packages and pieces of large objects are read from the journal, in notices that fit a frame."""

from collections.abc import Iterator
from typing import Any

import pytest

from reactor_chat.chat.state.keyring import reference_of
from reactor_chat.journal.memory import MemoryJournal
from reactor_chat.journal.sqlite.sqlite_journal import SqliteJournal
from reactor_chat.wire import messages as m
from reactor_chat.wire.codec import encode
from reactor_chat.wire.framing import FRAME_BYTES_MAX
from reactor_chat.wire.sealing import BLOB_PIECE_BYTES_MAX, PACKAGE_BYTES_MAX
from tests.chat.toy import Key
from tests.server.world import Person, World


def owner(world: World, name: str, number: int) -> Person:
    """Somebody who owns a name and is in."""
    person, key = world.connect(), Key(number)
    world.turn()
    hello = person.heard[0]
    assert isinstance(hello, m.Hello)
    person.ask(m.Login(name, 1, key.public, key.sign(hello.nonce, name)))
    world.settle()
    person.new()
    return person


def asked(world: World, person: Person, request: m.Request) -> list[Any]:
    """What somebody is told after a request."""
    person.new()
    person.ask(request)
    world.settle()
    return person.new()


@pytest.fixture(params=["memory", "disk"])
def world(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[World]:
    journal = MemoryJournal() if request.param == "memory" else SqliteJournal(tmp_path)
    yield World(journal).start()
    journal.close()


def test_packages_are_read_back_as_they_were_published(world: World) -> None:
    ann, bob = owner(world, "Ann", 1), owner(world, "Bob", 2)
    ann.ask(m.KeysPut(1, [b"one", b"two"], b"last", id="k"))
    world.settle()
    keys = [m.PublishedKey("Ann", Key(1).public, b"one", reference_of(b"one"))]
    assert asked(world, bob, m.AskKeys(["ANN", "Bob", "Nobody", "\x1b["], 1, "i")) == [
        m.KeysAnswer(keys, ["Bob", "Nobody"], "i")
    ]
    assert asked(world, bob, m.AskKeys(["Ann"], 2)) == [m.KeysAnswer([], ["Ann"])]


def test_many_large_packages_come_in_several_notices(world: World) -> None:
    people = [owner(world, f"user{number}", number) for number in range(1, 13)]
    for number, person in enumerate(people, 1):
        person.ask(m.KeysPut(1, [bytes([number]) * PACKAGE_BYTES_MAX], id="k"))
    world.settle()
    answers = asked(world, people[0], m.AskKeys([f"user{number}" for number in range(1, 13)], 1, "i"))
    assert [answer.more for answer in answers] == [True] * (len(answers) - 1) + [False]
    assert [key.name for answer in answers for key in answer.keys] == [f"user{n}" for n in range(1, 13)]
    assert all(len(encode(answer)) <= FRAME_BYTES_MAX and answer.re == "i" for answer in answers)


def test_a_last_resort_is_read_where_nothing_else_is_left(world: World) -> None:
    ann = owner(world, "Ann", 1)
    ann.ask(m.KeysPut(1, [b"one"], b"last"), m.SealCreate(bytes(32), 1, bytes(32)))
    world.settle()
    world.app.hub.state.keyring.use("Ann", reference_of(b"one"))
    (answer,) = asked(world, ann, m.AskKeys(["Ann"], 1))
    assert [key.package for key in answer.keys] == [b"last"]


def test_a_large_object_is_read_back_piece_by_piece(world: World) -> None:
    ann, bob = owner(world, "Ann", 1), owner(world, "Bob", 2)
    pieces = [bytes([number]) * BLOB_PIECE_BYTES_MAX for number in range(3)]
    assert asked(world, bob, m.AskBlob(bytes(32), 0))[0].code == "not_allowed"
    ann.ask(*(m.BlobPut(bytes(32), index, 3, data) for index, data in enumerate(pieces[:2])))
    world.settle()
    assert asked(world, bob, m.AskBlob(bytes(32), 0))[0].code == "not_allowed", "it is not complete"
    assert asked(world, ann, m.BlobPut(bytes(32), 2, 3, pieces[2], "i"))[-1] == m.Accepted("i", world.head)
    for index, data in enumerate(pieces):
        answers = asked(world, bob, m.AskBlob(bytes(32), index, "b"))
        assert answers == [m.BlobAnswer(bytes(32), index, 3, data, "b")]
    assert asked(world, bob, m.AskBlob(bytes(32), 3))[0].code == "not_allowed"


def test_what_a_journal_in_memory_has_forgotten_is_missing() -> None:
    world = World(MemoryJournal(rows_max=4)).start()
    ann = owner(world, "Ann", 1)
    ann.ask(m.KeysPut(1, [b"one"]), m.BlobPut(bytes(32), 0, 1, b"data"))
    world.settle()
    for _ in range(20):
        ann.ask(m.Say("x"))
        world.settle()
    assert asked(world, ann, m.AskKeys(["Ann"], 1)) == [m.KeysAnswer([], ["Ann"])]
    assert asked(world, ann, m.AskBlob(bytes(32), 0, "i"))[0].code == "not_allowed"
