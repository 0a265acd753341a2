"""What people decide about keys of others: by numbers, words, codes, invitations and lists; and what they are told."""

import pytest

from reactor_chat.e2ee.boundary import (
    Accept,
    Arm,
    Block,
    ContactsFile,
    ExportContacts,
    Held,
    HeldAction,
    ImportContacts,
    NoteKind,
    Posture,
    QrCode,
    Verify,
)
from reactor_chat.e2ee.trust import scan_code
from reactor_chat.e2ee.trust.contacts import Contact, Contacts, read, write
from reactor_chat.e2ee.trust.safety_number import grouped, safety_number, words
from reactor_chat.e2ee.trust.trust_book import Known, Standing, Trust, fingerprint_of
from reactor_chat.mls.signatures import Ed25519, SigningKey
from reactor_chat.wire.conversation import ROOM, Conversation
from tests.e2ee.world import Person, World

OTHERS = [SigningKey(Ed25519(), bytes([number]) * 32).public_key for number in (1, 2, 3)]


def met(seed: object) -> World:
    world = World(seed, "Ann", "Bob")
    world.seal_room("Ann")
    return world


def known(person: Person, name: str) -> Known:
    found = person.session.desk.trust.look_up(name)
    assert found is not None
    return found


def number_with(person: Person, name: str, key: bytes) -> str:
    return safety_number(person.name, person.session.desk.own_key, name, key)


def code_of(person: Person, name: str) -> str:
    """What a phone reads from the screen of somebody who typed `@verify`."""
    person.order(Verify(name))
    codes = [note.beside.text for note in person.notes if isinstance(note.beside, QrCode)]
    return codes[-1]


# ------------------------------------------------------------------------------------------ numbers


def test_two_people_verify_each_other() -> None:
    world = met("verify")
    ann, bob = world["Ann"], world["Bob"]
    number = number_with(ann, "Bob", bob.session.desk.own_key)
    assert grouped(number) in ann.order(Verify("bob"))[0]
    assert words(number) in bob.order(Verify("Ann"))[1]
    assert "is verified" in ann.order(Verify("Bob", grouped(number)))[0]
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert "The numbers differ" in bob.order(Verify("Ann", wrong))[0]
    assert bob.notes[-1].kind is NoteKind.ALARM
    assert (known(ann, "Bob").state, known(bob, "Ann").state) == (Trust.VERIFIED, Trust.NEW)
    assert "is verified" in bob.order(Verify("Ann", words(number)))[0]


def test_a_number_that_is_not_whole_is_no_alarm() -> None:
    ann = met("part")["Ann"]
    assert ann.order(Verify("Bob", "12345 67890")) == ["You typed 10 of 60 digits"]
    assert ann.notes[-1].kind is NoteKind.ANSWER
    assert ann.order(Accept("Bob", "babab")) == ["You typed 1 of 12 words"]


def test_nobody_known_is_said_so() -> None:
    ann = World("nobody", "Ann")["Ann"]
    for order in (Verify("Bob"), Verify("Bob", "1" * 60), Accept("Bob"), Accept("Bob", "1" * 60), Block("Bob")):
        assert "No key of Bob was seen yet" in ann.order(order)[0]
    assert "That is you" in ann.order(Verify("ann"))[0]


def test_a_guest_has_no_key_to_compare() -> None:
    world = World("guest", "Ann", "Gus")
    world.service.shelves = {key: shelf for key, shelf in world.service.shelves.items() if key[0] != "gus"}
    world["Ann"].say("hello", Conversation.pair("Gus"))
    world.pass_time(5)
    assert world["Ann"].order(Verify("Gus")) == ["Gus is a guest and has no key"]


def test_everybody_is_listed_what_needs_a_person_first() -> None:
    ann = met("list")["Ann"]
    book = ann.session.desk.trust
    book.see("Cid", OTHERS[0], ann.session.desk.wall_ms - 3 * 86_400_000)
    book.verify("Cid", OTHERS[0], 0)
    book.see("Eve", OTHERS[0], ann.session.desk.wall_ms)
    book.verify("Eve", OTHERS[0], 0)
    book.see("Eve", OTHERS[1], 0)
    book.see("Dan", OTHERS[2], 0)
    book.block("Dan")
    head, *rows = ann.order(Verify())
    assert "Contacts: 4, verified: 2" in head
    assert [row.partition(":")[0] for row in rows] == ["Eve", "Dan", "Bob", "Cid"]
    assert "NEW KEY on offer; the key known so far is verified ✓" in rows[0]
    assert "blocked" in rows[1]
    assert "not verified, since today" in rows[2]
    assert "verified ✓, since 3 days ago" in rows[3]


# ------------------------------------------------------------------------------------------ @trust


def test_who_is_blocked_gets_nothing_until_accepted() -> None:
    world = met("block")
    world["Ann"].order(Block("Bob"))
    assert world["Ann"].session.posture(ROOM) is Posture.HELD
    world["Ann"].say("canarybird")
    world.pass_time(5)
    assert not world["Bob"].read
    world["Ann"].order(Accept("Bob"))
    world.pass_time(5)
    assert not world["Bob"].read, "accepting a key sends nothing by itself"
    world["Ann"].order(Held(HeldAction.SEND))
    world.pass_time(5)
    assert world["Bob"].read == ["canarybird"]


def test_accept_takes_the_key_that_was_shown_and_not_the_newest() -> None:
    ann = met("newest")["Ann"]
    book = ann.session.desk.trust
    book.see("Bob", OTHERS[0], 1)
    assert grouped(number_with(ann, "Bob", OTHERS[0])) in ann.order(Verify("Bob"))[0]
    book.see("Bob", OTHERS[1], 2)
    accepted, alarm = ann.order(Accept("Bob"))
    assert "Accepted Bob's new key (not verified)" in accepted
    assert "yet another key" in alarm
    assert (known(ann, "Bob").key, known(ann, "Bob").offered) == (OTHERS[0], OTHERS[1])
    assert book.is_unsettled("Bob")


def test_accept_without_a_look_shows_what_to_compare_and_changes_nothing() -> None:
    ann = met("unseen")["Ann"]
    ann.session.desk.trust.see("Bob", OTHERS[0], 1)
    before = known(ann, "Bob")
    for _ in range(2):
        lines = ann.order(Accept("Bob"))
        assert grouped(number_with(ann, "Bob", OTHERS[0])) in lines[0]
        assert any("@trust accept Bob <digits or words>" in line for line in lines)
        assert known(ann, "Bob") == before


def test_accept_where_nothing_is_on_offer_says_so() -> None:
    ann = met("nothing")["Ann"]
    ann.order(Verify("Bob"))
    before = known(ann, "Bob")
    assert "No other key of Bob is on offer" in ann.order(Accept("Bob"))[0]
    assert known(ann, "Bob") == before


@pytest.mark.parametrize("spelled", [grouped, words])
def test_accept_with_a_number_takes_the_key_of_that_number(spelled: object) -> None:
    assert callable(spelled)
    ann = met("typed")["Ann"]
    book = ann.session.desk.trust
    book.see("Bob", OTHERS[0], 1)
    ann.order(Verify("Bob"))
    book.see("Bob", OTHERS[1], 2)
    assert (
        "but the server offers another key since"
        in ann.order(Accept("Bob", spelled(number_with(ann, "Bob", OTHERS[0]))))[0]
    )
    assert book.standing("Bob", OTHERS[0]) is Standing.VERIFIED
    assert "is verified" in ann.order(Accept("Bob", spelled(number_with(ann, "Bob", OTHERS[1]))))[0]
    assert known(ann, "Bob").state is Trust.VERIFIED


def test_the_alarm_says_that_it_was_the_key_you_verified() -> None:
    world = met("alarm")
    ann = world["Ann"]
    ann.order(Verify("Bob", number_with(ann, "Bob", world["Bob"].session.desk.own_key)))
    ann.session.desk.trust.see("Bob", OTHERS[0], 1)
    assert "NEW KEY, not the key you verified" in ann.order(Verify("Bob"))[0]


# ------------------------------------------------------------------------------------------ codes


def test_a_code_verifies_in_both_directions() -> None:
    world = met("code")
    ann, bob = world["Ann"], world["Bob"]
    assert "is verified" in ann.order(Verify("Bob", code_of(bob, "Ann")))[0]
    assert "is verified" in bob.order(Accept("Ann", code_of(ann, "Bob").lower()))[0]
    assert known(ann, "Bob").state is known(bob, "Ann").state is Trust.VERIFIED


def test_a_code_that_is_not_theirs_for_me_verifies_nobody() -> None:
    world = World("codes", "Ann", "Bob", "Cid")
    world.seal_room("Ann")
    ann = world["Ann"]
    assert "your own code" in ann.order(Verify("Bob", code_of(ann, "Bob")))[0]
    assert "from @cid for @ann" in ann.order(Verify("Bob", code_of(world["Cid"], "Ann")))[0]
    assert "from @bob for @cid" in ann.order(Verify("Bob", code_of(world["Bob"], "Cid")))[0]
    assert "not complete" in ann.order(Verify("Bob", code_of(world["Bob"], "Ann")[:-5]))[0]
    assert known(ann, "Bob").state is Trust.NEW


def test_a_code_shows_who_is_in_between() -> None:
    world = met("between")
    ann, bob = world["Ann"], world["Bob"]
    own, theirs = (fingerprint_of(one.session.desk.own_key) for one in (ann, bob))
    other = fingerprint_of(OTHERS[0])
    for code in (scan_code.ScanCode("bob", theirs, "ann", other), scan_code.ScanCode("bob", other, "ann", own)):
        assert "The numbers differ" in ann.order(Verify("Bob", scan_code.write(code)))[0]
        assert ann.notes[-1].kind is NoteKind.ALARM
        assert not known(ann, "Bob").is_verified
    assert known(ann, "Bob").state is Trust.CHANGED, "Bob's own screen says that the key so far is not his"


def test_a_code_of_somebody_whose_key_was_not_seen_is_an_invitation() -> None:
    world = World("early", "Ann", "Bob")
    ann, bob = world["Ann"], world["Bob"]
    own, theirs = (fingerprint_of(one.session.desk.own_key) for one in (ann, bob))
    ann.order(Verify("Bob", scan_code.write(scan_code.ScanCode("bob", theirs, "ann", own))))
    assert known(ann, "Bob").state is Trust.INVITED
    world.seal_room("Ann")
    assert known(ann, "Bob").state is Trust.VERIFIED


# ------------------------------------------------------------------------------------------ invitations


def invited(seed: object, fingerprint: bytes | None = None) -> tuple[World, Person]:
    """Return Ann, who comes by a link of Bob's; of another fingerprint where one is given."""
    world = World(seed, "Bob")
    bob = fingerprint_of(world["Bob"].session.desk.own_key)
    ann = world.people["Ann"] = Person(world, "Ann")
    ann.settings = {"introductions": (("Bob", fingerprint or bob), ("Ann", bytes(32)))}  # type: ignore[dict-item]
    ann.start()
    ann.connect()
    world.settle()
    return world, ann


def test_who_comes_by_a_link_starts_verified_with_the_inviter() -> None:
    world, ann = invited("link")
    pair = Conversation.pair("Bob")
    assert "verified ✓ by invitation" in ann.order(Verify())[1]
    assert "in the invitation is verified as soon as it is seen" in ann.order(Verify("Bob"))[0]
    ann.say("canarybird", pair)
    world.pass_time(5)
    assert world["Bob"].read == ["canarybird"]
    assert known(ann, "Bob").state is Trust.VERIFIED
    assert "the one in your invitation: verified ✓" in ann.alarms
    notes = len(ann.notes)
    ann.disconnect()
    ann.connect()
    world.settle()
    assert not [note for note in ann.notes[notes:] if "invitation" in note.text], "it is told once"


def test_another_key_than_the_links_gets_nothing_and_is_an_alarm() -> None:
    world, ann = invited("lie", fingerprint_of(OTHERS[0]))
    ann.say("canarybird", Conversation.pair("Bob"))
    world.pass_time(30)
    assert "another key than your invitation says" in ann.alarms
    assert not world["Bob"].read
    assert not world.leaked
    ann.order(Verify("Bob"))
    assert "NEW KEY, not the key in the invitation" in ann.alarms


# ------------------------------------------------------------------------------------------ lists of contacts


def exported(person: Person, server: str = "pin") -> bytes:
    person.order(ExportContacts("friends.json", server))
    file = person.notes[-1].beside
    assert isinstance(file, ContactsFile)
    assert file.path == "friends.json"
    return file.data


def with_contacts(seed: object) -> World:
    """Return a world where Bob verified Ann and Cid, and Ann knows Bob by his key."""
    world = World(seed, "Ann", "Bob", "Cid")
    world.seal_room("Ann")
    for name in ("Ann", "Cid"):
        key = world[name].session.desk.own_key
        world["Bob"].order(Verify(name, number_with(world["Bob"], name, key)))
    return world


def test_only_verified_keys_are_exported() -> None:
    world = with_contacts("export")
    assert [one.name for one in read(exported(world["Bob"])).contacts] == ["Ann", "Cid"]
    world["Bob"].session.desk.trust.see("Cid", OTHERS[0], 1)
    world["Bob"].order(Block("Ann"))
    assert "nothing to export" in world["Bob"].order(ExportContacts("x"))[0]


def test_ones_own_list_verifies_in_another_home() -> None:
    world = with_contacts("own")
    data = exported(world["Bob"])
    other = World("own", "Bob")["Bob"]
    assert "Signed by yourself: 2 of 2 contacts verified" in other.order(ImportContacts(data, "pin"))[0]
    assert known(other, "Cid").state is Trust.VERIFIED


def test_a_friends_list_is_vouched_for_and_verifies_nobody() -> None:
    world = with_contacts("friend")
    ann, bob = world["Ann"], world["Bob"]
    data = exported(bob)
    assert "signed by Bob, or whoever uses that name" in ann.order(ImportContacts(data, "pin"))[0]
    ann.order(Verify("Bob", number_with(ann, "Bob", bob.session.desk.own_key)))
    assert "1 of 1 contacts noted as vouched for by Bob, not verified" in ann.order(ImportContacts(data, "pin"))[0]
    assert not known(ann, "Cid").is_verified
    assert any("Cid: not verified (vouched for by Bob)" in line for line in ann.order(Verify()))


def test_a_conflict_is_told_and_changes_nothing() -> None:
    world = with_contacts("conflict")
    bob = world["Bob"]
    own = bob.session.desk.identity.signing_key
    before = known(bob, "Cid")
    forged = Contacts("Bob", own.public_key, "pin", 1, (Contact("Cid", OTHERS[0]), Contact("Dan", bytes(32))))
    told = bob.order(ImportContacts(write(forged, own), "pin"))
    assert "0 of 2 contacts" in told[0]
    assert "another key of Cid than this client knows" in told[1]
    assert known(bob, "Cid") == before
    assert bob.session.desk.trust.look_up("Dan") is None


def test_a_list_of_another_server_and_one_that_is_none() -> None:
    world = with_contacts("other")
    bob = world["Bob"]
    assert "from another server" in bob.order(ImportContacts(exported(bob, "pin"), "other pin"))[0]
    assert "not a list of contacts" in bob.order(ImportContacts(b"{}", "pin"))[0]
    changed = exported(bob).replace(b'"Cid"', b'"Dan"')
    assert "changed since it was signed" in bob.order(ImportContacts(changed, "pin"))[0]


def test_who_only_uses_the_name_of_a_friend_vouches_for_nobody() -> None:
    world = with_contacts("name")
    ann = world["Ann"]
    ann.order(Verify("Bob", number_with(ann, "Bob", world["Bob"].session.desk.own_key)))
    eve = SigningKey(Ed25519(), bytes([9]) * 32)
    forged = Contacts("Bob", eve.public_key, "pin", 1, (Contact("Dan", OTHERS[0]),))
    assert "not verified here" in ann.order(ImportContacts(write(forged, eve), "pin"))[0]
    assert ann.session.desk.trust.look_up("Dan") is None


def test_a_look_at_somebody_lets_go_on_what_waited() -> None:
    world = World("wait", "Ann", "Bob")
    ann = world["Ann"]
    pair = Conversation.pair("Bob")
    ann.session.desk.trust.see("Bob", OTHERS[0], 1)
    ann.order(Arm(pair))
    ann.say("canarybird", pair)
    world.pass_time(5)
    assert not world["Bob"].read
    ann.order(Accept("Bob", number_with(ann, "Bob", world["Bob"].session.desk.own_key)))
    world.pass_time(40)
    assert world["Bob"].read == ["canarybird"]
