"""Which names belong to whom by the operator's order: names granted to keys, invitations, and who moderates.

Each function returns an order for `Hub.order`; what it comes to is judged when it is carried out.
"""

from reactor_chat.chat.case import Change, Decide, Rules, Sequencer
from reactor_chat.chat.logins import CLAIMS_MAX
from reactor_chat.chat.state.chat_state import ChatState
from reactor_chat.chat.state.identity import is_small_order
from reactor_chat.chat.state.invites import INVITES_MAX
from reactor_chat.chat.state.operator_records import Appointed, Granted, Invited, Uninvited
from reactor_chat.chat.state.records import Record
from reactor_chat.wire.messages import RESERVED_WORDS, Refused, fold, is_name

MODERATORS_MAX = 1_000
DAY_MS = 86_400_000
DAYS_MAX = 3_650
"""An invitation for longer than ten years is none that anybody still knows of."""


def granting(name: str, key: bytes) -> Decide:
    """Return the order that a name belongs to a key from now on.

    Args:
        key: an Ed25519 public key, 32 bytes.
    """

    def decide(state: ChatState, _: Rules, sequencer: Sequencer) -> Change | Refused:
        refusal = _refuse_grant(state, name, key)
        return refusal or _recorded(Granted(sequencer.seq(), sequencer.at, name, key))

    return decide


def _refuse_grant(state: ChatState, name: str, key: bytes) -> Refused | None:
    if not is_name(name):
        return _no("A name is 1 to 32 of A-Z a-z 0-9 _")
    if fold(name) in RESERVED_WORDS:
        return _no(f"{name} is a reserved word; choose another name")
    if is_small_order(key):
        return _no("That key proves nothing (it is of small order); check that it was copied whole")
    return _refuse_held(state, name, key)


def _refuse_held(state: ChatState, name: str, key: bytes) -> Refused | None:
    claim = state.identity.claim_of(name)
    if claim is not None:
        whose = "that key" if claim.key == key else "another key"
        return _no(f"{claim.name} belongs to {whose} already")
    if state.roster.get(name) is not None:
        return _no(f"A guest is connected as {name}; disconnect them first (admin kick {name})")
    if len(state.identity) >= CLAIMS_MAX:
        return _no(f"The limit of {CLAIMS_MAX} registered names is reached; release some")
    return None


def inviting(code_hash: bytes, days: int) -> Decide:
    """Return the order that whoever knows a code may claim one name.

    Args:
        code_hash: what is kept of the code; see `invites`.
        days: for how long, 1 to DAYS_MAX.
    """

    def decide(state: ChatState, _: Rules, sequencer: Sequencer) -> Change | Refused:
        if len(state.invites.standing(sequencer.at)) >= INVITES_MAX:
            return _no(f"The limit of {INVITES_MAX} open invitations is reached; revoke some")
        until = sequencer.at + days * DAY_MS
        return _recorded(Invited(sequencer.seq(), sequencer.at, code_hash, until))

    return decide


def uninviting(number: int) -> Decide:
    """Return the order that the invitation with this number is void."""

    def decide(state: ChatState, _: Rules, sequencer: Sequencer) -> Change | Refused:
        if state.invites.numbered(number, sequencer.at) is None:
            return _no(f"There is no open invitation {number}; admin invites lists them")
        return _recorded(Uninvited(sequencer.seq(), sequencer.at, number))

    return decide


def appointing(name: str, *, on: bool) -> Decide:
    """Return the order that the owner of a name is a moderator, or is none any more."""

    def decide(state: ChatState, _: Rules, sequencer: Sequencer) -> Change | Refused:
        claim = state.identity.claim_of(name) if name.isascii() else None
        if claim is None:
            return _no(f"Nobody owns the name {name[:80]}; only the owner of a name can be a moderator")
        if (fold(name) in state.moderators) is on:
            return _no(f"{claim.name} is {'a moderator already' if on else 'not a moderator'}")
        if on and len(state.moderators) >= MODERATORS_MAX:
            return _no(f"There are {MODERATORS_MAX} moderators already")
        return _recorded(Appointed(sequencer.seq(), sequencer.at, claim.name, on))

    return decide


def _recorded(record: Record) -> Change:
    return Change([(record, ())])


def _no(text: str) -> Refused:
    return Refused("not_allowed", text)
