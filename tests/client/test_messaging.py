"""What is said and heard by clients with keys, and by guests: sealed where it should be, and never half."""

import re
from typing import get_args

import pytest

from reactor_chat.client.boundary import ExitStatus, Note
from reactor_chat.client.commands.session_orders import ORDERS, as_typed
from reactor_chat.client.connecting.server_key import read_link
from reactor_chat.client.outbox import Outbox
from reactor_chat.client.store.identity import KeyIdentity
from reactor_chat.client.store.vault import MemoryVault
from reactor_chat.e2ee.boundary import Posture
from reactor_chat.e2ee.trust.trust_book import fingerprint_of
from reactor_chat.server.operator.orders import Appoint
from reactor_chat.text import orders
from reactor_chat.text.grammar import OWN_COMMANDS
from reactor_chat.text.orders import Order
from reactor_chat.text.parser import parse_typed
from reactor_chat.wire.conversation import ROOM, Conversation
from reactor_chat.wire.messages import Say, Tell
from tests.client.party import Guest, Party, fresh


@pytest.fixture
def party() -> Party:
    return Party()


def test_every_own_command_has_its_order() -> None:
    with_server = {orders.ContactsExport, orders.ContactsImport, orders.Invite}
    without_key = set(get_args(orders.OwnOrder))
    assert {command.request for command in OWN_COMMANDS} == set(ORDERS) | with_server | without_key


@pytest.mark.parametrize(
    ("where", "typed"),
    [
        (None, "so: @encrypt on begins, @encrypt off ends"),
        (ROOM, "so: @encrypt on begins, @encrypt off ends"),
        (Conversation.pair("Bob"), "so: @encrypt user bob begins, @encrypt off @bob ends"),
        (Conversation.group("Team"), "so: @group encrypt team begins, @encrypt off team ends"),
    ],
)
def test_a_line_of_the_session_names_commands_as_they_are_typed_there(where: Conversation | None, typed: str) -> None:
    assert as_typed("so: @encrypt on begins, @encrypt off ends", where) == typed
    for command in re.findall(r"@(?:encrypt|group)[^,:]*(?= begins| ends)", typed):
        assert isinstance(parse_typed(command), Order)


def test_a_sealed_room_is_read_by_who_is_in_and_by_nobody_else(party: Party) -> None:
    ann, bob, guest = party.enter("Ann"), party.enter("Bob"), party.enter("Visitor", key=False)
    ann.type("@encrypt on")
    party.wait(2)
    ann.type("canary one")
    bob.type("canary two")
    for reader in (ann, bob):
        assert reader.sees("[Ann, encrypted:] canary one", "[Bob, encrypted:] canary two")
    assert guest.sees("[Ann: encrypted message]", "[Bob: encrypted message]")
    assert not guest.sees("canary")
    assert b"canary" not in party.kept()


def test_who_comes_later_reads_what_is_said_from_then_on(party: Party) -> None:
    ann = party.enter("Ann")
    ann.type("@encrypt on", "canary before")
    party.wait(2)
    late = party.enter("Late")
    party.wait(2)
    ann.type("canary after")
    assert late.sees("[Ann, encrypted:] canary after")
    assert not late.sees("canary before")
    late.type("canary of mine")
    assert ann.sees("[Late, encrypted:] canary of mine")
    assert b"canary" not in party.kept()


def test_private_messages_are_sealed_unasked_where_both_can(party: Party) -> None:
    ann, bob, guest = party.enter("Ann"), party.enter("Bob"), party.enter("Visitor", key=False)
    ann.type("@Bob canary for two")
    party.wait(2)
    assert ann.sees("[to Bob, encrypted:] canary for two")
    assert bob.sees("[Ann (private), encrypted:] canary for two")
    assert b"canary" not in party.kept()
    ann.type("@Visitor canary for whom?")
    party.wait(2)
    assert b"canary" not in party.kept()
    ann.type("@held drop", "@encrypt off @Visitor", "@Visitor plainly")
    party.wait(2)
    assert guest.sees("[Ann (private):] plainly")
    assert ann.sees("[to Visitor:] plainly")


def test_who_was_away_reads_it_on_coming_back(party: Party) -> None:
    ann, bob = party.enter("Ann"), party.enter("Bob")
    vault = bob.vault
    ann.type("@Bob hello")
    party.wait(2)
    party.leave(bob)
    ann.type("@Bob canary while away")
    party.wait(2)
    again = party.enter("Bob", vault)
    party.wait(2)
    assert again.sees("[Ann (private), encrypted:] canary while away")
    assert b"canary" not in party.kept()


def test_a_group_is_sealed_by_its_owner_and_the_kicked_read_no_more(party: Party) -> None:
    ann, bob, cid = party.enter("Ann"), party.enter("Bob"), party.enter("Cid")
    ann.type("@group set team Bob,Cid", "@group encrypt team")
    party.wait(2)
    ann.type("@group send team canary for three")
    assert all(one.sees("[Ann (team), encrypted:] canary for three") for one in (ann, bob, cid))
    ann.type("@kick team Cid")
    party.wait(3)
    ann.type("@group send team canary for two")
    assert bob.sees("[Ann (team), encrypted:] canary for two")
    assert not cid.sees("canary for two")
    assert b"canary" not in party.kept()


def test_who_disconnects_somebody_as_a_moderator_hears_of_no_group(party: Party) -> None:
    ann, bob = party.enter("Ann"), party.enter("Bob")
    party.world.order(Appoint("Ann", on=True))
    ann.lines.clear()
    ann.type("@kick everyone Bob")
    party.wait(10)
    assert bob.sees("Ann, a moderator")
    assert not [line for line in ann.lines if "everyone" in line], ann.lines


def test_the_prompts_word_says_what_becomes_of_the_line(party: Party) -> None:
    ann, bob = party.enter("Ann"), party.enter("Bob")
    assert {ann.engine.messaging.sealing.posture(typed) for typed in ("", "hi", "@names")} == {Posture.PLAIN}
    assert ann.engine.messaging.sealing.posture("@Bob hi") is Posture.WAITING
    ann.type("@encrypt on")
    party.wait(2)
    assert (
        ann.engine.messaging.sealing.posture("")
        is ann.engine.messaging.sealing.posture("hi")
        is bob.engine.messaging.sealing.posture("hi")
        is Posture.SEALED
    )
    assert ann.engine.messaging.sealing.posture("@group send team hi") is Posture.WAITING
    ann.type("@Bob hi")
    party.wait(2)
    for typed in ("@Bob", "@bob ", "@BOB hi"):
        assert ann.engine.messaging.sealing.posture(typed) is Posture.SEALED
    ann.type("@encrypt off")
    assert ann.engine.messaging.sealing.posture("hi") is Posture.PLAIN
    assert party.enter("Visitor", key=False).engine.messaging.sealing.posture("hi") is Posture.PLAIN


def test_turned_off_is_plain_for_oneself_and_others_say_so(party: Party) -> None:
    ann, bob = party.enter("Ann"), party.enter("Bob")
    ann.type("@encrypt on")
    party.wait(2)
    ann.type("@encrypt off", "in the open")
    assert ann.sees("[Ann, not encrypted:] in the open") or ann.sees("[Ann:] in the open")
    assert bob.sees("[Ann, not encrypted:] in the open")


def test_what_is_sealed_is_sent_again_as_the_same_bytes(party: Party) -> None:
    ann, bob = party.enter("Ann"), party.enter("Bob")
    ann.type("@encrypt on")
    party.wait(2)
    ann.engine.typed("canary once", party.now)
    first = ann.engine.take()
    assert b"sealed" in first.data
    ann.cut()  # none of it arrived
    ann.sent = b""
    ann.mend()
    assert bob.sees("[Ann, encrypted:] canary once")
    assert sum("canary once" in line for line in bob.lines) == 1
    sealed = first.data[first.data.index(b'"sealed"') : first.data.rindex(b'"id"')]
    assert sealed in ann.sent


def test_what_is_typed_offline_is_held_and_not_lost_by_a_crash(party: Party) -> None:
    ann, bob = party.enter("Ann"), party.enter("Bob")
    ann.type("@encrypt on")
    party.wait(2)
    ann.cut()
    ann.type("canary held")
    assert ann.engine.messaging.changes_waiting == 1
    vault = ann.vault
    party.guests.remove(ann)
    party.enter("Ann", vault)
    party.wait(2)
    assert bob.sees("[Ann, encrypted:] canary held")
    assert b"canary" not in party.kept()


def test_a_passphrase_is_asked_for_and_lets_in_who_knows_it(party: Party) -> None:
    ann, bob, eve = party.enter("Ann"), party.enter("Bob"), party.enter("Eve")
    ann.type("@encrypt on -")
    assert ann.engine.messaging.orders.wants_passphrase
    ann.type("five random words are enough")
    assert not ann.engine.messaging.orders.wants_passphrase
    party.wait(2)
    bob.type("@encrypt on five random words are enough")
    eve.type("@encrypt on five other words are enough")
    party.wait(5)
    ann.type("canary behind words")
    party.wait(2)
    assert bob.sees("[Ann, encrypted:] canary behind words")
    assert not eve.sees("canary")
    assert b"canary" not in party.kept()
    assert b"random words" not in party.kept()


def test_in_a_pipe_the_next_line_is_the_passphrase(party: Party) -> None:
    ann, pipe = party.enter("Ann"), party.enter("Pipe", interactive=False)
    ann.type("@encrypt on five random words are enough")
    party.wait(2)
    pipe.type("@encrypt on -", "five random words are enough")
    party.wait(5)
    pipe.type("canary out of a pipe")
    party.wait(2)
    assert ann.sees("[Pipe, encrypted:] canary out of a pipe")
    assert not ann.sees("random words")
    assert b"canary" not in party.kept()


def test_an_empty_passphrase_gives_up(party: Party) -> None:
    ann = party.enter("Ann")
    ann.type("@encrypt on -", "")
    assert ann.sees("no passphrase was given")
    assert ann.engine.messaging.sealing.posture("hi") is Posture.PLAIN


def test_history_is_read_from_what_was_opened(party: Party) -> None:
    ann, bob = party.enter("Ann"), party.enter("Bob")
    ann.type("@encrypt on")
    party.wait(2)
    ann.type("canary in the past")
    bob.lines.clear()
    bob.type("@history")
    assert bob.sees("[Ann, encrypted:] canary in the past")
    late = party.enter("Late")
    late.type("@history")
    assert late.sees("[Ann: encrypted message")
    assert not late.sees("canary")


def test_help_lists_what_the_client_does_itself_where_there_is_a_key(party: Party) -> None:
    ann, guest = party.enter("Ann"), party.enter("Visitor", key=False)
    for one in (ann, guest):
        one.type("@help", "@help Encryption", "@help @trust")
    assert ann.sees("@names  ", "@encrypt on [<passphrase>|-]  ", "@trust accept <name> [<digits>]  ")
    assert guest.sees("There is no help on that")
    assert max(len(line) for line in ann.lines if line.startswith("@")) <= 80
    assert not guest.sees("@encrypt")
    guest.type("@encrypt on")
    assert guest.sees("A guest has no key")


def test_a_pipe_waits_for_what_is_held_and_says_so_when_it_gives_up(party: Party) -> None:
    ann, bob = party.enter("Ann"), party.enter("Bob")
    ann.type("@encrypt on")
    party.wait(2)
    party.leave(ann)
    party.leave(bob)
    pipe = party.enter("Cid", interactive=False)
    pipe.type("@encrypt on", "canary that nobody lets in")
    pipe.engine.end_of_input(party.now)
    party.wait(30)
    assert [pipe.engine.exit_status] == [ExitStatus.DONE]
    assert not pipe.sees("canary")
    party.wait(60)
    assert [pipe.engine.exit_status] == [ExitStatus.TRY_LATER]
    assert pipe.sees("Not sent: canary that nobody lets in")
    assert b"canary" not in party.kept()


@pytest.mark.parametrize("raw", [Say("x", id="1"), Tell("Bob", "x", id="1")])
def test_an_outbox_takes_nothing_said_that_no_session_let_pass(raw: Say | Tell) -> None:
    with pytest.raises(AssertionError):
        Outbox(MemoryVault()).add(raw)


def verify(one: Guest, name: str) -> None:
    """Take the words from one's own screen: what both would read to each other."""
    one.type(f"@verify {name}")
    words = next(line for line in reversed(one.lines) if "In words: " in line).partition("In words: ")[2]
    one.type(f"@verify {name} {words}")
    assert one.sees(f"the key of {name} is verified ✓")


def test_verified_people_go_from_home_to_home_in_a_file(party: Party) -> None:
    ann, bob, cid = party.enter("Ann"), party.enter("Bob"), party.enter("Cid")
    ann.type("@Bob hi", "@Cid hi")
    bob.type("@Ann hi")
    party.wait(2)
    verify(ann, "Cid")
    ann.type("@contacts export friends", "@contacts export friends")
    assert ann.sees("Wrote 1 verified contact to friends, signed by you", "friends is there already")
    verify(bob, "Ann")
    bob.type("@contacts import friends", "@contacts import nothing", "@verify")
    assert bob.sees("Signed by Ann: 1 of 1 contacts noted as vouched for by Ann, not verified")
    assert bob.sees("nothing cannot be read", "Cid: not verified (vouched for by Ann)")
    party.leave(ann)
    again = party.enter("Ann").type("@contacts import friends", "@verify")
    assert again.sees("Signed by yourself: 1 of 1 contacts verified ✓", "Cid: verified ✓")
    assert cid.sees("[Ann (private), encrypted:] hi")


def test_a_failed_export_says_nothing_of_a_file_written(party: Party) -> None:
    ann, _ = party.enter("Ann"), party.enter("Bob")
    ann.type("@Bob hi")
    party.wait(2)
    verify(ann, "Bob")
    party.files.held["friends"] = b""
    ann.type("@contacts export friends")
    assert ann.sees("friends is there already")
    assert not ann.sees("Wrote")


def test_what_is_about_a_server_needs_one(party: Party) -> None:
    ann = party.enter("Ann")
    ann.type("@invite")
    link = next(line for line in ann.lines if "Invitation: " in line).partition("Invitation: ")[2]
    key = KeyIdentity(party.seeds["Ann"]).key
    assert read_link(link).introductions == (("Ann", fingerprint_of(key)),)
    assert ann.sees("no TLS")
    early = Guest(party, "Early", MemoryVault(), fresh(32), interactive=True)
    early.engine.start(party.now)
    for line in ("@invite", "@contacts export x", "@contacts import x"):
        early.engine.typed(line, party.now)
        (note,) = early.engine.take().shown
        assert isinstance(note, Note)
        assert note.text.partition(".")[0] == "That needs a connection"


def test_a_guest_has_no_key_to_invite_with(party: Party) -> None:
    assert party.enter("Visitor", key=False).type("@invite").sees("A guest has no key")
