"""The messages about sealed conversations keep their limits, and docs/protocol.md names them all.

The `sealed` object of version 1 is recognised by its shape, and nothing else is.
"""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from reactor_chat.errors import MessageInvalid
from reactor_chat.wire import sealing
from reactor_chat.wire.codec import decode_request, encode
from reactor_chat.wire.framing import FRAME_BYTES_MAX
from reactor_chat.wire.messages import NOTICES, REQUESTS, Request, SealAdd, SealCommit, SealCommitted
from reactor_chat.wire.sealing import SealedMessage, read_sealed
from tests.wire import sealing_examples as examples

PAGE = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")

GROUP_ID = b64encode(bytes(32)).decode()
SEALED = {"v": 1, "group_id": GROUP_ID, "epoch": 3, "mls": "AAE="}


def test_an_object_of_version_1_is_read() -> None:
    assert read_sealed(SEALED) == SealedMessage(1, bytes(32), 3, b"\0\1")
    assert read_sealed({**SEALED, "newer": [1]}) == SealedMessage(1, bytes(32), 3, b"\0\1")


@pytest.mark.parametrize("change", [
    {"v": 2}, {"v": "1"}, {"v": True}, {"v": None}, {"epoch": -1}, {"epoch": 2**53}, {"epoch": "3"}, {"epoch": 1.5},
    {"group_id": "AAAA"}, {"group_id": 7}, {"group_id": "!" * 44}, {"mls": None}, {"mls": "no base64"},
])  # fmt: skip
def test_any_other_object_is_not_judged(change: dict[str, object]) -> None:
    assert read_sealed({**SEALED, **change}) is None


@pytest.mark.parametrize("missing", sorted(SEALED))
def test_no_field_may_be_missing(missing: str) -> None:
    assert read_sealed({key: value for key, value in SEALED.items() if key != missing}) is None


def test_the_page_has_every_message_with_every_field() -> None:
    rows = {line.split("|")[1].strip(" `"): line for line in PAGE.splitlines() if line.startswith("| `")}
    for table in (REQUESTS, NOTICES):
        for tag, kind in table.items():
            if kind.__module__ != sealing.__name__:
                continue
            assert tag in rows
            fields = {field.encode_name for field in structs.fields(kind)} - {"id", "with", "group", "to"}
            assert all(f"`{name}`" in PAGE for name in fields), tag


def field(message: Request, **changes: Any) -> bytes:
    """A request on the wire with some of its fields replaced."""
    return json.dumps(json.loads(encode(message)) | changes).encode()


def b64(size: int) -> str:
    return b64encode(bytes(size)).decode()


PUT, ASK, CREATE, COMMIT, PIECE = (examples.REQUESTS[i] for i in (0, 2, 3, 6, -2))
WITHIN = {
    "suite 1": field(PUT, suite=1),
    "suite 65535": field(PUT, suite=65_535),
    "a package of 8 KiB": field(PUT, packages=[b64(8_192)]),
    "eight packages": field(PUT, packages=[b64(9)] * 8),
    "64 names": field(ASK, names=["a"] * 64),
    "a commit of 36 KiB": field(COMMIT, commit=b64(36 * 1024)),
    "64 adds beside a commit": field(COMMIT, adds=[{"name": "a", "reference": b64(32)}] * 64),
    "a piece of 32 KiB": field(PIECE, data=b64(32_768)),
    "the last piece": field(PIECE, index=127, count=128),
}
BEYOND = {
    "suite": [field(PUT, suite=0), field(PUT, suite=65_536)],
    "packages": [field(PUT, packages=[]), field(PUT, packages=[b64(1)] * 9), field(PUT, packages=[b64(8_193)]),
                 field(PUT, packages=[""])],
    "last_resort": [field(PUT, last_resort=b64(8_193))],
    "device": [field(PUT, device=1)],
    "names": [field(ASK, names=[]), field(ASK, names=["a"] * 65)],
    "group_id": [field(CREATE, group_id=b64(31)), field(CREATE, group_id=b64(33))],
    "salt": [field(CREATE, salt=b64(31))],
    "kdf": [field(CREATE, kdf={"name": "scrypt", "memory_kib": 8, "passes": 1, "lanes": 1}),
            field(CREATE, kdf={"name": "argon2id", "memory_kib": 1_048_577, "passes": 1, "lanes": 1})],
    "with": [field(examples.REQUESTS[4], group="team"), field(examples.REQUESTS[10], group="team")],
    "commit": [field(COMMIT, commit=b64(36 * 1024 + 1)), field(COMMIT, commit=None),
               field(COMMIT, commit_blob=b64(32))],
    "commit_blob": [field(COMMIT, adds=[{"name": "a", "reference": b64(32)}] * 65), field(COMMIT, removes=["a"] * 65)],
    "adds": [field(COMMIT, commit=None, commit_blob=b64(32), adds=[{"name": "a", "reference": b64(32)}] * 257)],
    "removes": [field(COMMIT, removes=["a"] * 257)],
    "welcome": [field(COMMIT, welcome=None), field(COMMIT, adds=[])],
    "index": [field(PIECE, index=5, count=5), field(PIECE, index=-1), field(PIECE, index=128)],
    "count": [field(PIECE, count=0), field(PIECE, count=129)],
    "data": [field(PIECE, data=""), field(PIECE, data=b64(32_769))],
}  # fmt: skip


@pytest.mark.parametrize("payload", WITHIN.values(), ids=WITHIN)
def test_so_much_is_allowed(payload: bytes) -> None:
    assert encode(decode_request(payload))
    assert len(payload) <= FRAME_BYTES_MAX


@pytest.mark.parametrize(("name", "payload"), [(name, payload) for name, all_ in BEYOND.items() for payload in all_])
def test_more_is_refused_by_name(name: str, payload: bytes) -> None:
    with pytest.raises(MessageInvalid, match=name):
        decode_request(payload)


@pytest.mark.parametrize("inline", [True, False])
def test_the_largest_commit_fits_a_frame_when_it_is_passed_on(inline: bool) -> None:  # noqa: FBT001
    count = sealing.CHANGES_BESIDE_COMMIT_MAX if inline else sealing.CHANGES_AT_ONCE_MAX
    commit = {"commit": bytes(sealing.COMMIT_BYTES_MAX)} if inline else {"commit_blob": bytes(32)}
    fields: dict[str, Any] = {"adds": [SealAdd("n" * 32, bytes(32))] * count, "removes": ["n" * 32] * count,
                              "welcome": bytes(32), "group": "g" * 32, "id": "i" * 64, **commit}  # fmt: skip
    assert len(encode(SealCommit(bytes(32), 2**53 - 1, **fields))) <= FRAME_BYTES_MAX
    assert len(encode(SealCommitted(2**53 - 1, 2**43, "n" * 32, bytes(32), 2**53 - 1, **fields))) <= FRAME_BYTES_MAX
