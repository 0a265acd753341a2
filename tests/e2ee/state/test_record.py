"""What a person decided changes together, and nobody else's word changes whom our list has."""

from reactor_chat.e2ee.identity import Person
from reactor_chat.e2ee.member_list import Member, MemberList
from reactor_chat.e2ee.state.record import ConversationRecord
from reactor_chat.e2ee.terms import Claim, Strength
from reactor_chat.mls.suites import HYBRID

ME, BOB, CID = (Member(name, bytes([number]) * 32) for number, name in enumerate(("Ann", "Bob", "Cid"), 1))


def list_of(*members: Member, owner: Member = ME, number: int = 5) -> MemberList:
    return MemberList(1, "group:lunch", number, owner, list(members))


def claim_by(name: str) -> Claim:
    return Claim(b"group", HYBRID, bytes(32), None, True, name, 7)


def test_a_name_on_our_list_is_bound_to_the_first_key_and_to_no_other() -> None:
    record = ConversationRecord()
    record.keep_list([ME, Member("Bob", b"")])
    assert record.bind(Person("BOB", BOB.key))
    assert not record.bind(Person("Bob", CID.key))
    assert record.bind(Person("Bob", BOB.key))
    assert not record.bind(CID.person), "nobody put them on it"
    assert record.listed == {("ann", ME.key), ("bob", BOB.key)}


def test_whoever_is_put_on_the_list_again_stands_there_once() -> None:
    record = ConversationRecord()
    record.keep_list([ME, BOB])
    record.put_on_list(Member("bob", CID.key))
    assert [entry.key for entry in record.own_list] == [ME.key, CID.key]
    assert record.strike({"bob"})
    assert not record.strike({"bob"})
    assert record.own_list == [ME]


def test_only_names_without_a_key_are_forgotten_when_nobody_is_called_so() -> None:
    record = ConversationRecord()
    record.keep_list([ME, BOB, Member("Dan", b"")])
    record.strike_unbound({"bob", "dan"})
    assert record.own_list == [ME, BOB]


def test_numbers_of_lists_only_grow() -> None:
    record = ConversationRecord(list_number=4, signed_number=9)
    assert record.sign_next(3) == 10
    assert record.sign_next(50) == 50
    assert record.sign_next(1) == 51


def test_a_list_that_was_handed_to_us_is_ours_to_keep() -> None:
    record = ConversationRecord(owner=BOB)
    record.agree_to(Strength(HYBRID, closed=True), list_of(BOB, ME, owner=ME))
    assert record.is_kept_by(ME.key)
    assert record.own_list == [BOB, ME]


def test_what_our_person_changed_at_another_client_is_taken_and_who_waits_is_kept() -> None:
    waiting = Member("Dan", b"")
    record = ConversationRecord(owner=ME, own_list=[ME, BOB, waiting], signed_number=4)
    record.agree_to(Strength(HYBRID, closed=True), list_of(ME, CID))
    assert record.own_list == [ME, CID, waiting]
    record.agree_to(Strength(HYBRID, closed=True), list_of(ME, BOB, number=4))
    assert record.own_list == [ME, CID, waiting], "a list that is no newer than our own changes nothing"


def test_what_the_group_is_decides_whether_it_is_closed_from_then_on() -> None:
    record = ConversationRecord()
    record.agree_to(Strength(HYBRID, closed=True), list_of(ME, BOB))
    assert record.is_closed, "as our person ordered at another client"
    record.agree_to(Strength(HYBRID), None)
    assert not record.is_closed
    assert (record.owner, record.own_list) == (None, [])


def test_going_along_takes_what_was_shown_and_no_more() -> None:
    weak = Strength(HYBRID)
    record = ConversationRecord(
        strength=Strength(HYBRID, closed=True), offered_strength=weak, offered_owner=BOB, reason="why"
    )
    record.go_along(is_group=True)
    assert (record.strength, record.owner, record.reason) == (weak, BOB, "")
    assert record.offered_strength is None
    assert record.offered_owner is None


def test_going_along_with_another_creator_forgets_the_list_that_was_ours() -> None:
    record = ConversationRecord(owner=ME, own_list=[ME, BOB], claim=claim_by("bob"), founder="ann")
    record.go_along(is_group=True)
    assert (record.owner, record.own_list, record.founder) == (None, [], "bob")


def test_nobody_becomes_the_founder_by_being_announced_later() -> None:
    record = ConversationRecord()
    record.announce_founder("ann")
    record.announce_founder("bob")
    assert record.founder == "ann"
    record.group_deleted()
    assert record.founder == ""
    kept = ConversationRecord(founder="ann", owner=ME)
    kept.group_deleted()
    assert kept.founder == "ann"


def test_leaving_a_group_forgets_everything_that_was_agreed_to() -> None:
    record = ConversationRecord(
        owner=ME, own_list=[ME], claim=claim_by("ann"), strength=Strength(HYBRID), founder="ann", list_number=3
    )
    record.give_up()
    assert record == ConversationRecord()
