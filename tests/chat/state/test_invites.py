"""Open invitations: good until they are used, revoked or over, and never more than the limit."""

import pytest

from reactor_chat.chat.case import Change, Sequencer
from reactor_chat.chat.operator.registration import DAY_MS, inviting
from reactor_chat.chat.state.chat_state import ChatState
from reactor_chat.chat.state.invites import CODE_CHARS_MAX, INVITES_MAX, Invite, Invites, hash_of
from reactor_chat.wire.messages import Refused
from tests.chat.toy import RULES


def invite(number: int, until: int, since: int = 0) -> Invite:
    return Invite(number, hash_of(f"code{number}"), since, until)


def test_one_is_good_until_its_last_millisecond() -> None:
    invites = Invites()
    invites.add(invite(1, 100))
    assert invites.good("code1", 99) == invite(1, 100)
    assert invites.good(" CODE1\n", 99) == invite(1, 100), "however it was pasted"
    assert invites.good("code1", 100) is None
    assert invites.good("code2", 0) is None
    assert invites.good("x" * (CODE_CHARS_MAX + 1), 0) is None


def test_it_is_used_or_revoked_once_and_the_others_stay() -> None:
    invites = Invites()
    for number in (1, 2, 3):
        invites.add(invite(number, 100))
    invites.use(hash_of("code1"))
    invites.use(hash_of("code1"))
    invites.revoke(2)
    invites.revoke(99)
    assert [one.number for one in invites.standing(0)] == [3]
    assert invites.numbered(3, 0) == invite(3, 100)
    assert invites.numbered(3, 100) is invites.numbered(2, 0) is None


def test_those_that_are_over_are_forgotten_with_the_next_one() -> None:
    invites = Invites()
    invites.add(invite(1, 100))
    invites.add(invite(2, 300, since=100))
    assert [one.number for one in invites.dump()] == [2]
    again = Invites()
    again.load(invites.dump())
    assert again.dump() == invites.dump()


@pytest.mark.parametrize(("count", "is_possible"), [(INVITES_MAX - 1, True), (INVITES_MAX, False)])
def test_there_are_so_many_at_once(count: int, is_possible: bool) -> None:  # noqa: FBT001
    state = ChatState()
    state.invites.load([invite(number, 2 * DAY_MS) for number in range(count)])
    verdict = inviting(hash_of("new"), 1)(state, RULES, Sequencer(0, DAY_MS))
    assert isinstance(verdict, Change if is_possible else Refused)
    assert isinstance(inviting(hash_of("new"), 1)(state, RULES, Sequencer(0, 2 * DAY_MS)), Change), (
        "the old ones are over"
    )
