"""What crosses: nothing that is secret is in any representation."""

import pytest

from reactor_chat.e2ee.boundary import Arm, Derive, SetPassphrase, Settings
from reactor_chat.e2ee.passphrase import DEFAULT
from reactor_chat.wire.conversation import ROOM


@pytest.mark.parametrize(
    "crossing",
    [
        Arm(ROOM, "horse"),
        SetPassphrase(ROOM, "horse"),
        Derive(1, "horse", bytes(32), DEFAULT),
        Settings("Ann", b"horse" * 6 + b"xx"),
    ],
)
def test_passphrases_and_seeds_are_not_shown(crossing: object) -> None:
    assert "horse" not in repr(crossing)
    assert "horse" not in f"{crossing}"
