"""Requests about sealed conversations as a client makes them, with bytes in place of what is encrypted."""

from base64 import b64encode
from typing import Any

from reactor_chat.chat.state.keyring import reference_of
from reactor_chat.wire import messages as m
from tests.chat.toy import Key, World

SALT, SUITE = bytes(range(32)), 1
KEYS = {name: Key(number) for number, name in enumerate(("Ann", "Bob", "Cy", "Dee", "Eve"), 1)}


def group_id(number: int) -> bytes:
    return number.to_bytes(32, "big")


def package(name: str, number: int = 0) -> bytes:
    return f"package {number} of {name}".encode()


def put(name: str, *numbers: int, **fields: Any) -> m.KeysPut:
    return m.KeysPut(SUITE, [package(name, number) for number in numbers or (0,)], **fields)


def create(number: int = 1, **fields: Any) -> m.SealCreate:
    return m.SealCreate(group_id(number), SUITE, SALT, **fields)


def add(name: str, number: int = 0) -> m.SealAdd:
    return m.SealAdd(name, reference_of(package(name, number)))


WELCOME = bytes(32)


def commit(epoch: int, *adds: m.SealAdd, number: int = 1, **fields: Any) -> m.SealCommit:
    fields |= {"welcome": WELCOME} if adds else {}
    return m.SealCommit(group_id(number), epoch, commit=b"commit", adds=list(adds), **fields)


def sealed(epoch: int, number: int = 1) -> dict[str, Any]:
    return {"v": 1, "group_id": b64encode(group_id(number)).decode(), "epoch": epoch, "mls": "AAAA"}


class SealedWorld(World):
    """A world whose first people own their names and have published a package each; the first left a welcome."""

    def __init__(self, *names: str, **rules: Any) -> None:
        super().__init__(**rules)
        self.conns = {name: self.join(name, KEYS[name]) for name in names}
        for name, conn in self.conns.items():
            assert self.answer(conn, put(name, id="keys")) == m.Accepted("keys", len(self.records))
        self.ask(self.conns[names[0]], m.BlobPut(WELCOME, 0, 1, b"welcome"))

    def by(self, name: str, request: m.Request) -> Any:
        """Have somebody ask for something; returns the last thing they were told, None where that was nothing."""
        told = self.ask(self.conns[name], request)
        return told[-1] if told else None

    def code(self, name: str, request: m.Request) -> str:
        """The code of the refusal that somebody's request meets."""
        answer = self.by(name, request)
        assert isinstance(answer, m.Refused), answer
        return answer.code

    def seals(self, name: str, **conversation: Any) -> m.SealsAnswer:
        """What somebody is told of a conversation."""
        answer = self.by(name, m.AskSeals(**conversation))
        assert isinstance(answer, m.SealsAnswer), answer
        return answer
