"""Who may come in under which name."""

from msgspec import Struct

from reactor_chat.chat.decisions import Change, Rules, Stamp
from reactor_chat.chat.identity import proves
from reactor_chat.chat.pending import ANY_NAME
from reactor_chat.chat.ratelimit import TokenBucket
from reactor_chat.chat.records import Entered
from reactor_chat.chat.session import Session
from reactor_chat.chat.state import ChatState
from reactor_chat.chat.timeline import labels_of
from reactor_chat.wire.messages import PROTOCOL_VERSION, RESERVED_WORDS, Login, Refused, fold, is_name

NAME_TAKEN = Refused("name_taken", "Username is already taken")
ADDRESSES_MAX = 10_000
"""How many addresses with failed logins are remembered; beyond, those that owe nothing any more are forgotten."""


class Takeover(Struct, frozen=True):
    """The owner of a name that is present comes in by another connection."""


class Logins:
    """Judges logins, and counts the failed ones of each address."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._failed: dict[str, TokenBucket] = {}

    def judge(self, state: ChatState, session: Session, login: Login, stamp: Stamp) -> Change | Takeover | Refused:
        """Say what a login comes to.

        Returns:
            The change that lets somebody in, a takeover where its owner is in already, or a refusal.

        Source: PROTOCOL §2, §7.
        """
        now_s = stamp.at / 1000
        verdict = self._wait(session.address, now_s) or self._judge(state, session, login, stamp)
        if isinstance(verdict, Refused):
            self._count_failure(session.address, now_s)
        return verdict

    def _judge(self, state: ChatState, session: Session, login: Login, stamp: Stamp) -> Change | Takeover | Refused:
        refusal = _refuse_form(login) or _refuse_proof(session, login)
        if refusal is not None:
            return refusal
        claim = state.identity.claim_of(login.name)
        if claim is not None and claim.key != login.key:
            return NAME_TAKEN
        if state.roster.get(login.name) is not None:
            return Takeover() if claim is not None else NAME_TAKEN
        if len(state.roster) >= self._rules.people_max:
            return Refused("server_full", f"There are {self._rules.people_max} people here already; try again later")
        record = Entered(stamp.seq(), stamp.at, login.name, login.key)
        return Change([(record, labels_of(record))], (("name", fold(login.name)), ANY_NAME))

    def _wait(self, address: str, now_s: float) -> Refused | None:
        bucket = self._failed.get(address)
        if bucket is None or bucket.available(now_s) >= 1:
            return None
        seconds = max(1, round(bucket.wait_seconds()))
        return Refused("too_fast", f"Too many failed logins from your address; try again in {seconds} s")

    def _count_failure(self, address: str, now_s: float) -> None:
        bucket = self._failed.get(address)
        if bucket is None:
            if len(self._failed) >= ADDRESSES_MAX:
                self._failed = {a: b for a, b in self._failed.items() if not b.is_full(now_s)}
            burst, per_second = self._rules.failed_logins_burst, self._rules.failed_logins_per_second
            bucket = self._failed[address] = TokenBucket(burst, per_second, now_s)
        if bucket.available(now_s) >= 1:
            bucket.take(1)


def _refuse_form(login: Login) -> Refused | None:
    if login.protocol != PROTOCOL_VERSION:
        return Refused("bad_protocol", f"This server speaks protocol {PROTOCOL_VERSION}")
    if not is_name(login.name):
        return Refused("bad_name", "A name is 1 to 32 letters, digits or _")
    if fold(login.name) in RESERVED_WORDS:
        return Refused("name_reserved", f"{login.name} is a reserved word; choose another name")
    return None


def _refuse_proof(session: Session, login: Login) -> Refused | None:
    if login.key is None:
        return None
    if login.signature is None or not proves(login.key, login.signature, session.nonce, login.name, session.binding):
        return Refused("bad_signature", "The signature does not prove that this key is yours")
    return None
