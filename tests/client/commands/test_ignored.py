"""Who is ignored is not shown, in any kind of line, and everybody else is."""

from collections.abc import Sequence

import pytest

from reactor_chat.client.boundary import Arrived, Earlier, Note, NoteKind
from reactor_chat.client.commands.ignored import IGNORED_MAX, Ignored
from reactor_chat.errors import StorageError
from reactor_chat.text.render import NO_ANNOTATION, Annotation
from reactor_chat.wire.messages import Exited, GroupSaid, HistoryAnswer, Joined, NamesAnswer, Notice, Said, Told
from tests.client.party import Party

BOB_SAID, CID_SAID = Said(1, 0, "BOB", "hi"), Said(1, 0, "Cid", "hi, Bob")
BOBS: list[Notice] = [
    BOB_SAID,
    Told(2, 0, "Bob", "Ann", "hi"),
    GroupSaid(3, 0, "bob", "team", "hi"),
    Joined(4, 0, "Bob"),
    Exited(5, 0, "bOb"),
]
OTHERS: list[Notice] = [
    CID_SAID,
    Told(2, 0, "Ann", "Bob", "hi"),
    GroupSaid(3, 0, "Cid", "Bob", "hi"),
    Joined(4, 0, "Bobby"),
    NamesAnswer(["Ann", "Bob"]),
]


@pytest.mark.parametrize("notice", BOBS, ids=lambda n: type(n).__name__)
def test_nothing_of_somebody_who_is_ignored_is_shown(notice: Notice) -> None:
    assert Ignored(["Bob"]).sift(Arrived(notice)) is None
    assert Ignored().sift(Arrived(notice)) == Arrived(notice)


@pytest.mark.parametrize("notice", OTHERS, ids=lambda n: type(n).__name__)
def test_everybody_else_is_shown(notice: Notice) -> None:
    assert Ignored(["bob"]).sift(Arrived(notice)) == Arrived(notice)


def test_pages_and_what_an_earlier_run_showed_leave_them_out() -> None:
    ignored, verified = Ignored(["Bob"]), Annotation("sealed", is_verified=True)
    page = HistoryAnswer([BOB_SAID, CID_SAID], more=False, re="1")
    assert ignored.sift(Arrived(page, None, (NO_ANNOTATION, verified))) == Arrived(
        HistoryAnswer([CID_SAID], more=False, re="1"), None, (verified,)
    )
    assert ignored.sift(Earlier([BOB_SAID, CID_SAID], (NO_ANNOTATION, verified))) == Earlier([CID_SAID], (verified,))
    assert ignored.sift(Earlier([BOB_SAID], (NO_ANNOTATION,))) is None
    note = Note(NoteKind.NEWS, "Bob")
    assert ignored.sift(note) is note


def test_a_page_of_which_nothing_is_left_is_not_called_empty() -> None:
    page = Arrived(HistoryAnswer([BOB_SAID], more=False, re="1"))
    told = Ignored(["Bob"]).sift(page)
    assert isinstance(told, Note)
    assert "ignore" in told.text
    empty = Arrived(HistoryAnswer([], more=False, re="1"))
    assert Ignored(["Bob"]).sift(empty) == empty
    assert Ignored(["Bob"], tells_all=True).sift(page) == empty


def test_what_is_changed_is_kept_and_what_cannot_be_kept_is_not_changed() -> None:
    kept: list[Sequence[str]] = []
    ignored = Ignored(["Bob"], kept.append)
    ignored.ignore("@Cid", "Ann")
    assert ignored.unignore("BOB") == "Bob is shown again"
    assert kept == [["Bob", "Cid"], ["Cid"]]

    def fail(_names: object) -> None:
        raise StorageError("no space")

    ignored = Ignored(["Bob"], fail)
    with pytest.raises(StorageError):
        ignored.unignore("Bob")
    assert ignored.sift(Arrived(BOB_SAID)) is None


@pytest.mark.parametrize("name", ["Ann", "aNN", "server", "two words", "", "x" * 33])
def test_who_cannot_be_ignored(name: str) -> None:
    ignored = Ignored()
    assert not ignored.ignore(name, "Ann").startswith("Ignoring")
    assert ignored.ignore("", "Ann") == "You ignore nobody"


def test_there_is_a_limit() -> None:
    ignored = Ignored(f"P{number}" for number in range(IGNORED_MAX - 1))
    assert ignored.ignore("Last", "Ann").startswith("Ignoring")
    assert not ignored.ignore("More", "Ann").startswith("Ignoring")


def test_people_ignore_each_other_wherever_they_speak() -> None:
    party = Party()
    ann, bob = party.enter("Ann", key=False), party.enter("Bob", key=False)
    bob.type("@group set team Ann")
    ann.type("@ignore bob")
    assert ann.sees("Ignoring bob: hidden on this client only, until you leave")
    ann.type("@ignore")
    assert ann.sees("You ignore: bob")
    ann.lines.clear()
    bob.type("to all", "@Ann to you", "@group send team to us")
    party.leave(bob)
    party.enter("Bob", key=False)
    ann.type("@history")
    assert not [words for words in ("to all", "to you", "to us", "exited", "joined") if ann.sees(words)]
    ann.type("@unignore BOB", "@history")
    assert ann.sees("[Bob:] to all")
