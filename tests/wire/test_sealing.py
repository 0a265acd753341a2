"""The `sealed` object of version 1 is recognised by its shape, and nothing else is."""

from base64 import b64encode

import pytest

from reactor_chat.wire.sealing import SealedMessage, read_sealed

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
