"""What people type: lines, orders about encryption, decisions about keys, and what each means for the oracle."""

from random import Random

import msgspec

from reactor_chat.e2ee.boundary import (
    Accept,
    Arm,
    Block,
    Disarm,
    Held,
    HeldAction,
    Let,
    Posture,
    Rekey,
    Reset,
    SetPassphrase,
    Verify,
)
from reactor_chat.e2ee.trust import safety_number
from reactor_chat.errors import MessageInvalid
from reactor_chat.wire.codec import decode_notice, encode
from reactor_chat.wire.conversation import ROOM, Conversation, Heard, Scope, Spoken
from reactor_chat.wire.messages import (
    GroupSaid,
    GroupSend,
    Said,
    Say,
    Tell,
    Told,
    fold,
)
from tests.e2ee.forger import EVERYBODY
from tests.e2ee.oracle import Beliefs, Roll, counts
from tests.e2ee.stage import Stage, is_refused
from tests.e2ee.village import (
    GHOST,
)
from tests.e2ee.world import CANARY

PASSPHRASES = ("one", "two")

_numbers: dict[tuple[str, bytes, str, bytes], str] = {}


class Deeds(Stage):
    """Steps that people take."""

    # ------------------------------------------------------------------------------------------ lines

    def _do_say(self, who: Beliefs, what: str, _: Random) -> None:
        where = self._where(who, what)
        if where is None:
            return
        if who.me == GHOST:
            self.forger.said[text := f"ghostbird {len(self.forger.said)}."] = GHOST.lower()
            who.client.say(text, where)
            return
        text, request_id = f"{CANARY} {len(self.oracle.lines)}.", who.client.fresh_id()
        request: Spoken = Say(text, id=request_id)
        if where.scope is Scope.PAIR:
            request = Tell(what, text, id=request_id)
        elif where.scope is Scope.GROUP:
            request = GroupSend(what, text, id=request_id)
        self.oracle.typed(who, where, request)
        who.client.do(lambda: who.client.session.said(request, self.village.now))

    def _do_send(self, who: Beliefs, _: str, __: Random) -> None:
        for request in who.client.session.held:
            line = self.oracle.by_id.get(request.id or "")
            if line is not None:
                line.needs_yes = False
                line.is_open = line.is_open or who.client.session.posture(line.where) is Posture.PLAIN
        self._order(who, Held(HeldAction.SEND))

    def _do_drop(self, who: Beliefs, _: str, chance: Random) -> None:
        held = {request.id for request in who.client.session.held}
        self._order(who, Held(chance.choice((HeldAction.DROP, HeldAction.EDIT))))
        for request_id in held - {request.id for request in who.client.session.held}:
            if (line := self.oracle.by_id.get(request_id or "")) is not None:
                line.is_gone = True

    def _do_history(self, who: Beliefs, _: str, chance: Random) -> None:
        """The person scrolls back, and the server shows pages as it likes."""
        if who.me not in self.lies:
            return
        told = [notice for notice, _ in self.village.service.journal if isinstance(notice, Said | Told | GroupSaid)]
        for notice in chance.sample(told, k=min(4, len(told))):
            page: Heard = notice
            for name in chance.sample(list(notice.__struct_fields__), k=chance.choice((0, 1, 1, 2))):
                page = msgspec.structs.replace(page, **{name: self.lies[who.me].value(type(page), name)})
            try:
                page = decode_notice(encode(page))  # type: ignore[assignment]
            except MessageInvalid:
                continue
            counts["history pages"] += 1
            shown = who.client.session.recall(page)
            if shown is not None:
                self.oracle.shown(who, shown)

    # ------------------------------------------------------------------------------------------ encryption

    def _do_arm(self, who: Beliefs, what: str, chance: Random) -> None:
        if (where := self._where(who, what)) is None:
            return
        passphrase = chance.choice((None, None, *PASSPHRASES)) if who.me != GHOST else None
        self._type_passphrase(who, passphrase)
        self._go_along(who, where)
        answers = self._order(who, Arm(where, passphrase))
        self._passphrase_typed(who, where, passphrase, answers, is_replaced=False)

    def _go_along(self, who: Beliefs, where: Conversation) -> None:
        """What an `@encrypt on` agrees to, as far as the person was told."""
        kind, about = who.offers.pop(where, ("", ""))
        if kind == "owner":
            meant = who.pins.get(about)
            holders = {GHOST} if meant is None else meant
            who.follows.setdefault(where, set()).update(holders)
        elif kind == "less":
            if "no passphrase" in about:
                who.passphrases.pop(where, None)
            if "no list" in about:
                who.follows.pop(where, None)
            if "weaker cipher" in about:
                who.weaker.add(where)

    def _type_passphrase(self, who: Beliefs, passphrase: str | None) -> None:
        if passphrase is not None:
            self.oracle.knows.setdefault(passphrase, set()).add(who.me)

    def _passphrase_typed(
        self, who: Beliefs, where: Conversation, passphrase: str | None, answers: list[str], *, is_replaced: bool
    ) -> None:
        if is_refused(answers):
            return
        if is_replaced:
            who.passphrases.pop(where, None)
        if passphrase is not None:
            who.passphrases.setdefault(where, set()).add(passphrase)

    def _do_passphrase(self, who: Beliefs, what: str, chance: Random) -> None:
        where = self._where(who, what)
        if where is None or who.me == GHOST:
            return
        passphrase = chance.choice((None, *PASSPHRASES))
        self._type_passphrase(who, passphrase)
        before = who.passphrases.pop(where, None)
        answers = self._order(who, SetPassphrase(where, passphrase))
        if before and is_refused(answers):
            who.passphrases[where] = before
        self._passphrase_typed(who, where, passphrase, answers, is_replaced=True)

    def _do_off(self, who: Beliefs, what: str, chance: Random) -> None:
        if (where := self._where(who, what)) is not None:
            who.plain.add(where)
            self._order(who, Disarm(where, chance.random() < 0.5))

    def _do_reset(self, who: Beliefs, what: str, _: Random) -> None:
        if (where := self._where(who, what)) is not None:
            self._order(who, Reset(where))

    def _do_rekey(self, who: Beliefs, what: str, _: Random) -> None:
        if (where := self._where(who, what)) is not None:
            self._order(who, Rekey(where))

    def _do_close(self, who: Beliefs, _: str, chance: Random) -> None:
        """Close the room, for those who are named or those who are there."""
        names = tuple(chance.sample(EVERYBODY, k=2)) if chance.random() < 0.6 else None
        if names is not None:
            roll = self.oracle.rolls.setdefault((ROOM, who.me), Roll())
            for name in names:
                roll.add(name, who.pins.get(name.lower(), set()))
        self._go_along(who, ROOM)
        if not is_refused(self._order(who, Arm(ROOM, None, is_closed=True, names=names))):
            who.follows.setdefault(ROOM, set()).add(who.me)
        self.village.pass_time(1)

    def _amend(self, who: Beliefs, roll: Roll, name: str, *, is_in: bool) -> None:
        if is_in:
            roll.add(name, who.pins.get(name.lower(), set()))
        else:
            roll.current.pop(fold(name), None)

    def _do_let(self, who: Beliefs, what: str, chance: Random) -> None:
        """Put somebody on the list of the closed room, or take them off."""
        if what not in EVERYBODY:
            return
        is_in, roll = chance.random() < 0.5, self.oracle.rolls.get((ROOM, who.me))
        if roll is not None:
            self._amend(who, roll, what, is_in=is_in)
        self._order(who, Let((what,), is_in))

    # ------------------------------------------------------------------------------------------ trust

    def _number(self, who: Beliefs, name: str, key: bytes) -> str:
        place = (who.name, who.client.session.desk.own_key, name, key)
        if place not in _numbers:
            _numbers[place] = safety_number.safety_number(*place)
        return _numbers[place]

    def _do_look(self, who: Beliefs, what: str, _: Random) -> None:
        if what not in EVERYBODY or what.lower() == who.name:
            return
        for answer in self._order(who, Verify(what)):
            if answer.startswith("Safety number with "):
                digits = answer.rpartition(": ")[2].replace(" ", "")
                for key, holder in self.oracle.holders.items():
                    if self._number(who, what.lower(), key) == digits:
                        who.looked[what.lower()] = holder

    def _do_accept(self, who: Beliefs, what: str, _: Random) -> None:
        """Take the key that was shown, without comparing anything."""
        if what not in EVERYBODY:
            return
        name = what.lower()
        expected, pinned, verified = who.looked.get(name), who.pins.get(name), who.verified.pop(name, None)
        if expected is not None and pinned is not None:
            pinned.add(expected)
        was_blocked = name in who.blocked
        who.blocked.discard(name)
        answers = self._order(who, Accept(what))
        is_taken = any(answer.startswith("Accepted ") for answer in answers)
        if not is_taken or expected == verified:
            if verified is not None:
                who.verified[name] = verified
            if was_blocked and not is_taken:
                who.blocked.add(name)
        if any("new key" in answer for answer in answers if answer.startswith("Accepted ")):
            assert expected is not None, f"{who.me} accepted a key of {name} that was never shown"

    def _do_compare(self, who: Beliefs, what: str, chance: Random) -> None:
        """Two people meet, and compare."""
        if what not in self.homes or what.lower() == who.name:
            return
        other = self.homes[what][-1]
        digits = self._number(who, what.lower(), other.client.session.desk.own_key)
        is_accepted = chance.random() < 0.3
        before = (who.verified.get(other.name), who.pins.get(other.name), other.name in who.blocked)
        who.verified[other.name], who.pins[other.name] = other.me, {other.me}
        who.ever_verified.add((other.name, other.me))
        if is_accepted:
            who.blocked.discard(other.name)
        answers = self._order(who, Accept(what, digits) if is_accepted else Verify(what, digits))
        if any(answer.startswith("The number is right") for answer in answers):
            counts["verified"] += 1
            return
        who.verified.pop(other.name)
        who.pins.pop(other.name)
        if before[0] is not None:
            who.verified[other.name] = before[0]
        if before[1] is not None:
            who.pins[other.name] = before[1]
        if before[2]:
            who.blocked.add(other.name)

    def _do_block(self, who: Beliefs, what: str, _: Random) -> None:
        if what in EVERYBODY and any("Blocked" in answer for answer in self._order(who, Block(what))):
            who.blocked.add(what.lower())
