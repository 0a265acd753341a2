"""Who may come in under which name."""

import math
from collections.abc import Callable

from msgspec import Struct, structs

from reactor_chat.chat.case import Change, Rules, Sequencer
from reactor_chat.chat.conflicts import CLAIMING, ENTERING, ConflictKey
from reactor_chat.chat.limits.ratelimit import Elapsed, TokenBucket
from reactor_chat.chat.pending import Pending
from reactor_chat.chat.session import Session
from reactor_chat.chat.state.chat_state import ChatState
from reactor_chat.chat.state.identity import key_text, proves
from reactor_chat.chat.state.invites import Invite, hash_of
from reactor_chat.chat.state.lookalikes import is_like_the_server, skeleton
from reactor_chat.chat.state.records import Entered
from reactor_chat.chat.state.timeline import labels_of
from reactor_chat.wire.messages import PROTOCOL_VERSION, RESERVED_WORDS, SERVER_NAME, Login, Refused, fold, is_name

NAME_TAKEN = Refused("name_taken", "Username is already taken")
LOCKED_DOWN = "The server only lets in registered names right now. Ask the operator to add you."
INVITE_NOT_GOOD = "This invitation was used, revoked or has expired. Ask the operator for another one"
INVITE_NEEDS_KEY = "An invitation is for a name of your own: log in with a key, not as a guest"
NAMES_SAID_MAX = 8
NO_NAME_OWNED = "Your key owns no name on this server; choose one"
NO_FAULT = frozenset({"server_full", "not_allowed"})
"""Refusals that are nobody's failure."""
ADDRESSES_MAX = 10_000
"""How many addresses with failed logins are remembered; then those that owe nothing and the oldest are forgotten."""
CLAIMS_MAX = 100_000
"""How many names can be owned: nobody has to give one back, and each is remembered for ever."""


class Takeover(Struct, frozen=True):
    """The owner of a name that is present comes in by another connection."""


class Barred(Struct, frozen=True):
    """The operator does not let this one in: it is told why, and its connection is closed."""

    refusal: Refused


Verdict = Change | Takeover | Barred | Refused

Bar = Callable[[str, bytes | None, int], Refused | None]
"""Asked about the name and the proven key of each login, and the time: why it may not come in, None where it may."""


def nobody_barred(_name: str, _key: bytes | None, _now: int) -> None:
    """Let everybody in."""


class Logins:
    """Judges logins, and counts the failed ones of each address.

    The clock it is told may be set: back, and the time of the waiting stands still for a moment and goes on; forward,
    and each address has at most its whole burst again.

    Args:
        rules: what the operator chose.
        state: what is judged by.
        pending: what is about to change; who is entering already takes a place.
        bar: knows whom the operator keeps out.
    """

    def __init__(self, rules: Rules, state: ChatState, pending: Pending, bar: Bar = nobody_barred) -> None:
        self._rules = rules
        self._bar = bar
        self._state = state
        self._pending = pending
        self._failed: dict[str, TokenBucket] = {}
        self._elapsed = Elapsed()
        self._elapsed_s = 0.0

    def adopt(self, rules: Rules) -> None:
        """Judge by other rules from now on; where those say who has to wait, nobody does for what was before."""
        if (rules.failed_logins_burst, rules.failed_logins_per_second) != (
            self._rules.failed_logins_burst,
            self._rules.failed_logins_per_second,
        ):
            self._failed.clear()
        self._rules = rules

    def named(self, session: Session, login: Login) -> Login:
        """Return a login whose name is left to the server under the name that its key owns, where it is one name."""
        if login.name or login.key is None or self._wait(session.address) is not None:
            return login
        if _refuse_proof(session, login) is not None:
            return login
        session.proved_key = login.key
        owned = self._state.identity.names_of(login.key)
        return structs.replace(login, name=owned[0]) if len(owned) == 1 else login

    def judge(self, session: Session, login: Login, sequencer: Sequencer, now: int) -> Verdict:
        """Say what a login comes to.

        Args:
            session: whose `login` is this very one where it was judged before and had to wait.
            now: the time in milliseconds since the Unix epoch, as the clock says it.

        Returns:
            The change that lets somebody in, a takeover where its owner is in already, a bar, or a refusal.

        Source: PROTOCOL §2, §7.
        """
        self._elapsed_s = self._elapsed.seconds(now)
        waits = self._wait(session.address) if session.login is not login else None
        if waits is not None and not self._is_owner(session, login):
            return waits
        verdict = self._judge(session, login, sequencer, now)
        if isinstance(verdict, Refused) and verdict.code not in NO_FAULT:
            self._count_failure(session.address)
        return verdict

    def _is_owner(self, session: Session, login: Login) -> bool:
        """Whether the login proves the key of an owned name: it is not kept waiting for what others did."""
        claim = self._state.identity.claim_of(login.name)
        return claim is not None and claim.key == login.key and _refuse_proof(session, login) is None

    def _judge(self, session: Session, login: Login, sequencer: Sequencer, now: int) -> Verdict:
        refusal = self._refuse_nameless(session, login) or _refuse_form(login) or _refuse_proof(session, login)
        if refusal is not None:
            return refusal
        barred = self._bar(login.name, login.key, now)
        return self.admit(login, sequencer, now) if barred is None else Barred(barred)

    def _refuse_nameless(self, session: Session, login: Login) -> Refused | None:
        if login.name or login.key is None or session.proved_key != login.key:
            return None
        owned = self._state.identity.names_of(login.key)
        text = f"Your key owns {', '.join(owned[:NAMES_SAID_MAX])}; choose one of them" if owned else NO_NAME_OWNED
        return Refused("bad_name", text)

    def read_set(self, login: Login) -> list[ConflictKey]:
        """Return what the judgement of a login depends on."""
        if not is_name(login.name):
            return []
        keys: list[ConflictKey] = [("name", fold(login.name)), *self._looks(login)]
        return keys if login.invite is None else [*keys, ("invite", hash_of(login.invite).hex())]

    def _looks(self, login: Login) -> list[ConflictKey]:
        return [] if self._rules.lookalikes else [("looks", skeleton(login.name))]

    def admit(self, login: Login, sequencer: Sequencer, now: int) -> Verdict:
        """Say what a login comes to whose form and proof were found right."""
        claim = self._state.identity.claim_of(login.name)
        if claim is not None and claim.key != login.key:
            return NAME_TAKEN
        if self._state.roster.get(login.name) is not None:
            return Takeover() if claim is not None else NAME_TAKEN
        claims = claim is None and login.key is not None
        invite = self._invite(login, now) if claims else None
        if self._rules.lockdown and claim is None and invite is None:
            return _locked_down(login)
        refusal = (self._refuse_lookalike(login.name) if claim is None else None) or self._refuse_more(claims=claims)
        if refusal is not None:
            return refusal
        used = invite.hash if invite is not None else None
        record = Entered(sequencer.seq(), sequencer.at, login.name, login.key, used)
        keys: list[ConflictKey] = [*self.read_set(login), ENTERING, *([CLAIMING] if claims else [])]
        if claim is not None and claim.name != login.name:  # what names its members is to name this one as it is then
            keys += [("group", fold(group.name)) for group in self._state.groups.of(login.name)]
        return Change([(record, labels_of(record))], tuple(keys))

    def _invite(self, login: Login, now: int) -> Invite | None:
        return self._state.invites.good(login.invite, now) if login.invite is not None else None

    def _refuse_lookalike(self, name: str) -> Refused | None:
        """Say which name a newcomer's could be mistaken for; None where there is none, or that is allowed."""
        if self._rules.lookalikes:
            return None
        state = self._state
        alike = [*state.identity.lookalikes.like(name), *state.roster.lookalikes.like(name)]
        other = SERVER_NAME if is_like_the_server(name) else state.spelling(alike[0]) if alike else None
        if other is None:
            return None
        return Refused("bad_name", f"{name} looks too similar to {other}. Choose a different name")

    def _refuse_more(self, *, claims: bool) -> Refused | None:
        people_max = self._rules.people_max
        if len(self._state.roster) + self._pending.count(ENTERING) >= people_max:
            return Refused("server_full", f"The server is full ({people_max} people); try again later")
        if claims and len(self._state.identity) + self._pending.count(CLAIMING) >= CLAIMS_MAX:
            return Refused("server_full", "No more names can be registered. Use --guest")
        return None

    def _wait(self, address: str) -> Refused | None:
        bucket = self._failed.get(address)
        if bucket is None or bucket.available(self._elapsed_s) >= 1:
            return None
        seconds = math.ceil(bucket.wait_seconds())
        return Refused("too_fast", f"Too many failed logins from your address; try again in {seconds} s")

    def _count_failure(self, address: str) -> None:
        bucket = self._failed.get(address)
        if bucket is None:
            if len(self._failed) >= ADDRESSES_MAX:
                self._forget_addresses()
            burst, per_second = self._rules.failed_logins_burst, self._rules.failed_logins_per_second
            bucket = self._failed[address] = TokenBucket(burst, per_second, self._elapsed_s)
        if bucket.available(self._elapsed_s) >= 1:
            bucket.take(1)

    def _forget_addresses(self) -> None:
        """Forget who owes nothing; and the oldest, if those are few, so that the next failures need not look again."""
        owing = [(address, bucket) for address, bucket in self._failed.items() if not bucket.is_full(self._elapsed_s)]
        self._failed = dict(owing[-ADDRESSES_MAX * 9 // 10 :])


def _locked_down(login: Login) -> Refused:
    """Say why a newcomer is not let in; with the key that the operator needs, so that it can be passed on."""
    if login.invite is not None:
        return Refused("not_allowed", INVITE_NOT_GOOD if login.key is not None else INVITE_NEEDS_KEY)
    key = f" Your key is {key_text(login.key)}" if login.key is not None else ""
    return Refused("not_allowed", LOCKED_DOWN + key)


def _refuse_form(login: Login) -> Refused | None:
    if login.protocol != PROTOCOL_VERSION:
        return Refused("bad_protocol", f"This server speaks protocol {PROTOCOL_VERSION}")
    if not is_name(login.name):
        return Refused("bad_name", "A name is 1 to 32 letters, digits or _")
    if fold(login.name) in RESERVED_WORDS:
        return Refused("name_reserved", f"{login.name} is a reserved word; choose another name")
    return None


def _refuse_proof(session: Session, login: Login) -> Refused | None:
    if login.key is None or login.key == session.proved_key:
        return None
    if login.signature is None or not proves(login.key, login.signature, session.nonce, login.name, session.binding):
        return Refused("bad_signature", "The signature does not prove that this key is yours")
    return None
