"""A value keeps what was promised of it: equal by its fields, never changed, and silent about its secrets."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Annotated

import pytest
from msgspec.structs import astuple, replace

import reactor_chat.mls
from reactor_chat.mls.crypto.hpke import Context
from reactor_chat.mls.crypto.kem import KeyPair
from reactor_chat.mls.epoch.schedule import EpochSecrets
from reactor_chat.mls.group import Group
from reactor_chat.mls.messages import GroupSecrets, PathSecret, Remove
from reactor_chat.mls.suites import Suite
from reactor_chat.mls.tree.secrettree import MessageKey, Ratchet
from reactor_chat.mls.values import Hidden, Value


class Pair(Value, frozen=True):
    """One field that is shown, and one that is not."""

    shown: int
    kept: Hidden[bytes]


class Longer(Pair, frozen=True):
    """It has the fields of another and hides one of its own."""

    more: Hidden[Annotated[int, "a note"]] = 0


def kinds(kind: type[Value] = Value) -> Iterator[type[Value]]:
    """Every class of values in the package."""
    for module in pkgutil.walk_packages(reactor_chat.mls.__path__, "reactor_chat.mls."):
        importlib.import_module(module.name)
    below = [kind]
    while below:
        one = below.pop()
        below += one.__subclasses__()
        if one.__module__.startswith("reactor_chat."):
            yield one


def test_equal_is_what_has_the_same_class_and_the_same_fields() -> None:
    """What is equal is one key of a dictionary."""
    assert Pair(1, b"x") == Pair(1, b"x") != Pair(1, b"y")
    assert Pair(1, b"x") != Longer(1, b"x")
    assert len({Pair(1, b"x"), Pair(1, b"x"), Pair(1, b"y"), Longer(1, b"x")}) == 3


def test_nothing_is_assigned_to_and_nothing_is_added() -> None:
    """A value with other fields is another value."""
    one = Pair(1, b"x")
    for name in ("shown", "kept", "another"):
        with pytest.raises(AttributeError):
            setattr(one, name, 2)
    with pytest.raises(AttributeError):
        del one.shown
    assert astuple(replace(one, shown=2)) == (2, b"x")
    assert astuple(one) == (1, b"x")


def test_all_values_are_frozen_and_no_class_has_a_repr_of_msgspec() -> None:
    """That of msgspec shows every field."""
    found = set(kinds())
    assert {Group, Suite, EpochSecrets, Remove} <= found
    for kind in found:
        assert kind.__struct_config__.frozen, kind
        assert kind.__repr__.__module__.startswith("reactor_chat.mls."), kind


def test_what_is_hidden_is_left_out_of_the_repr() -> None:
    """The rest is shown as it would be typed."""
    assert repr(Pair(1, b"x")) == "Pair(shown=1)"
    assert repr(Longer(1, b"x", 2)) == "Longer(shown=1)"
    assert repr(Remove(7)) == "Remove(removed=7)"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (KeyPair(b"SECRET", b"public"), "KeyPair(public_key=b'public')"),
        (Context(b"SECRET", b"SECRET", b"SECRET"), "Context()"),
        (EpochSecrets(*[b"SECRET"] * 9), "EpochSecrets()"),
        (Ratchet(b"SECRET", 3), "Ratchet(generation=3)"),
        (MessageKey(b"SECRET", b"SECRET", 3), "MessageKey(generation=3)"),
        (PathSecret(b"SECRET"), "PathSecret()"),
        (GroupSecrets(b"SECRET", PathSecret(b"SECRET"), ()), "GroupSecrets(psks=())"),
    ],
)
def test_secrets_are_hidden(value: Value, shown: str) -> None:
    """Whatever prints a value, a log or a failed assertion, prints no key."""
    assert repr(value) == shown


def test_every_field_with_the_name_of_a_secret_is_hidden() -> None:
    """No class has a secret or a private key that its repr shows; what is encrypted is neither."""
    for kind in kinds():
        for name in kind.__struct_fields__:
            if name.endswith(("secret", "private_key", "private_keys")) and not name.startswith("encrypted"):
                assert f"{name}=" not in repr(kind(*range(len(kind.__struct_fields__)))), kind
