"""Who a leaf says it is: written in one form, read in no other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.e2ee.identity import TERMS_EXTENSION, knows_better_suite, own_identity, person_of, suites
from reactor_chat.errors import MlsRefused
from reactor_chat.mls.encoding.structs import BasicCredential, Certificate, X509Credential
from reactor_chat.mls.keypackage import Identity, OwnKeyPackage
from reactor_chat.mls.suites import CLASSICAL, HYBRID
from tests.mls.people import SeededEntropy

names = st.from_regex(r"[A-Za-z0-9_]{1,32}", fullmatch=True)


def leaf_of(identity: Identity, suite: int = CLASSICAL):  # type: ignore[no-untyped-def]
    return OwnKeyPackage.generate(suite, identity, SeededEntropy("leaf")).package.leaf_node


@given(names, st.binary(min_size=32, max_size=32))
def test_a_leaf_says_what_it_was_made_to_say(name: str, seed: bytes) -> None:
    identity = own_identity(name, seed)
    person = person_of(leaf_of(identity))
    assert person == (name, identity.signing_key.public_key)
    assert person.folded == name.lower()


@given(st.binary(max_size=80))
def test_any_bytes_name_nobody(credential: bytes) -> None:
    identity = own_identity("Ann", bytes(32))
    with pytest.raises(MlsRefused):
        person_of(leaf_of(Identity(BasicCredential(credential), identity.signing_key, identity.capabilities)))


def test_a_certificate_names_nobody_here() -> None:
    identity = own_identity("Ann", bytes(32))
    chain = X509Credential((Certificate(b"certificate"),))
    with pytest.raises(MlsRefused):
        person_of(leaf_of(Identity(chain, identity.signing_key, identity.capabilities)))


def test_a_client_says_which_suites_it_has_and_that_it_reads_terms() -> None:
    leaf = leaf_of(own_identity("Ann", bytes(32)))
    assert leaf.capabilities.cipher_suites == suites()
    assert TERMS_EXTENSION in leaf.capabilities.extensions
    assert suites()[0] == HYBRID, "the library that is required brings it"
    assert knows_better_suite(leaf, CLASSICAL)
    assert not knows_better_suite(leaf, HYBRID)
