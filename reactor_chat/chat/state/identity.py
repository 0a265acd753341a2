"""Who owns a name: the first login with a key claims it, and later ones must prove that they hold the key."""

import base64

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Struct

from reactor_chat.chat.state.lookalikes import Lookalikes
from reactor_chat.wire.messages import fold
from reactor_chat.wire.transcript import login_transcript

_P = 2**255 - 19
_ORDER_8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022  # y of a point of order 8
_SMALL_ORDER_Y = frozenset({0, 1, _P - 1, _ORDER_8, _P - _ORDER_8})


def is_small_order(key: bytes) -> bool:
    """Return whether an Ed25519 public key is one of the points of small order, in any of their encodings.

    Under such a key one signature fits many messages, and the library accepts them.

    Args:
        key: 32 bytes.

    Source: RFC 8032 §5.1.3 for the encoding; PROTOCOL §7 for the rule.
    """
    y = int.from_bytes(key, "little") & (2**255 - 1)
    return y % _P in _SMALL_ORDER_Y


def proves(key: bytes, signature: bytes, nonce: bytes, name: str, binding: bytes) -> bool:
    """Return whether the signature proves a login with this key on this connection.

    Source: PROTOCOL §7.
    """
    if is_small_order(key):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, login_transcript(nonce, name, key, binding))
    except (InvalidSignature, ValueError):
        return False
    return True


def key_text(key: bytes) -> str:
    """Return a public key as operators and people read and write it: base64."""
    return base64.b64encode(key).decode("ascii")


class Claim(Struct, frozen=True, array_like=True):
    """A name that belongs to a key, since the number `since`."""

    name: str
    key: bytes
    since: int


class ClaimedNames:
    """The claimed names, by their folded form.

    Attributes:
        lookalikes: the same names by what they look like.
    """

    def __init__(self) -> None:
        self._claims: dict[str, Claim] = {}
        self.lookalikes = Lookalikes()

    def __len__(self) -> int:
        return len(self._claims)

    def claim_of(self, name: str) -> Claim | None:
        """Return the claim on this name, whatever its spelling; None where nobody owns it."""
        return self._claims.get(fold(name))

    def names_of(self, key: bytes) -> list[str]:
        """Return the names that belong to a key, in the order of their claiming; it costs a look at every claim."""
        return [claim.name for claim in sorted(self._claims.values(), key=lambda one: one.since) if claim.key == key]

    def claim(self, name: str, key: bytes, seq: int) -> None:
        """Note that the name belongs to the key; its owner's later spellings replace the first."""
        known = self._claims.get(fold(name))
        self._claims[fold(name)] = Claim(name, key, known.since if known else seq)
        if known is None:
            self.lookalikes.add(name)

    def release(self, name: str) -> None:
        """Give the name free."""
        self._claims.pop(fold(name), None)
        self.lookalikes.remove(name)

    def dump(self) -> list[Claim]:
        """Return every claim, sorted by folded name."""
        return [self._claims[key] for key in sorted(self._claims)]

    def load(self, claims: list[Claim]) -> None:
        """Replace the state by what `dump` returned."""
        self._claims = {fold(claim.name): claim for claim in claims}
        self.lookalikes.clear()
        for name in self._claims:
            self.lookalikes.add(name)
