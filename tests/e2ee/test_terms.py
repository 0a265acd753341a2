"""Terms: written into the group, and every difference to what the server says is one."""

import msgspec
import pytest

from reactor_chat.e2ee.identity import TERMS_EXTENSION, own_identity
from reactor_chat.e2ee.passphrase import DEFAULT
from reactor_chat.e2ee.terms import Claim, agree, claim_of, common_name, extension_of, make_terms, terms_of
from reactor_chat.errors import MlsRefused
from reactor_chat.mls.encoding.structs import Extension
from reactor_chat.mls.group import Group
from reactor_chat.mls.keypackage import OwnKeyPackage
from reactor_chat.mls.suites import CLASSICAL, HYBRID
from reactor_chat.wire.conversation import ROOM, Conversation
from reactor_chat.wire.messages import Kdf, SealCreated, SealsAnswer
from tests.mls.people import SeededEntropy

RANDOM = SeededEntropy("terms")
SALT = bytes(range(32))
PAIR = Conversation.pair("bob")


def group_with(*extensions: Extension) -> Group:
    own = OwnKeyPackage.generate(CLASSICAL, own_identity("Ann", bytes(32)), RANDOM)
    return Group.create(own, b"g" * 32, RANDOM, extensions)


GROUP = group_with(extension_of(make_terms(PAIR, "Ann", SALT, DEFAULT)))
CLAIM = Claim(b"g" * 32, CLASSICAL, SALT, DEFAULT, require=True, by="ann", seq=7)


def test_what_was_written_is_read() -> None:
    terms = terms_of(GROUP)
    assert (terms.conversation, terms.creator, terms.salt, terms.kdf) == ("pair:ann,bob", "ann", SALT, DEFAULT)
    assert terms.require
    assert not terms.closed


@pytest.mark.parametrize(
    ("where", "require", "closed"),
    [(ROOM, False, False), (PAIR, True, False), (Conversation.group("team"), True, True)],
)
def test_what_holds_where(where: Conversation, *, require: bool, closed: bool) -> None:
    terms = make_terms(where, "Ann", SALT, None)
    assert (terms.require, terms.closed) == (require, closed)


def test_a_pair_has_one_name_for_both() -> None:
    assert common_name(Conversation.pair("Bob"), "Ann") == common_name(Conversation.pair("Ann"), "Bob")


def test_the_server_says_what_it_is() -> None:
    assert agree(GROUP, CLAIM, PAIR, "ann")


@pytest.mark.parametrize(
    "change",
    [
        {"group_id": bytes(32)},
        {"suite": HYBRID},
        {"salt": bytes(32)},
        {"kdf": None},
        {"kdf": Kdf("argon2id", 65_536, 3, 1)},
        {"require": False},
        {"by": "bob"},
    ],
)
def test_the_server_says_something_else(change: dict[str, object]) -> None:
    assert not agree(GROUP, msgspec.structs.replace(CLAIM, **change), PAIR, "ann")


@pytest.mark.parametrize("where", [ROOM, Conversation.pair("cid"), Conversation.group("bob")])
def test_the_server_says_it_elsewhere(where: Conversation) -> None:
    assert not agree(GROUP, CLAIM, where, "ann")


@pytest.mark.parametrize(
    "data", [b"", b"\x80", msgspec.msgpack.encode({"v": 2}), extension_of(terms_of(GROUP)).extension_data + b"\0"]
)
def test_terms_that_are_none(data: bytes) -> None:
    with pytest.raises(MlsRefused):
        terms_of(group_with(Extension(TERMS_EXTENSION, data)))
    with pytest.raises(MlsRefused):
        terms_of(group_with())


def test_claims_are_read_from_both_notices() -> None:
    created = SealCreated(7, 0, "Ann", b"g" * 32, CLASSICAL, SALT, kdf=DEFAULT, require=True)
    answer = SealsAnswer(None, None, b"g" * 32, CLASSICAL, SALT, DEFAULT, require=True, by="Ann", seq=7)
    assert claim_of(created) == claim_of(answer) == CLAIM
    assert claim_of(SealsAnswer()) is None
