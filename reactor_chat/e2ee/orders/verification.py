"""Whom a person verifies, accepts, blocks and hands on: orders about the keys of others, and the lines that answer.

A decision is always about one key: the one whose number or code was typed, or the one that was shown last.  What the
server offers after the person looked is never taken by it.
"""

from reactor_chat.e2ee.boundary import (
    Accept,
    Block,
    ContactsFile,
    ExportContacts,
    ImportContacts,
    NoteKind,
    QrCode,
    Verify,
)
from reactor_chat.e2ee.membership.peer_keys import change_in_words
from reactor_chat.e2ee.participation.participation import Participations
from reactor_chat.e2ee.state.desk import Desk
from reactor_chat.e2ee.trust import contacts as contacts_file
from reactor_chat.e2ee.trust import safety_number, scan_code
from reactor_chat.e2ee.trust.contacts import Contact, Contacts
from reactor_chat.e2ee.trust.trust_book import Invitation, Known, Standing, Trust, fingerprint_of
from reactor_chat.errors import MlsError, MlsRefused
from reactor_chat.wire.conversation import Conversation
from reactor_chat.wire.messages import fold

CHECK = "\N{CHECK MARK}"
LISTED_MAX = 200  # people in one answer of `@verify`: more than a person reads, and no flood of lines
CONFLICTS_TOLD_MAX = 20  # names of a friend's list with other keys that are told one by one; the rest is counted

_DAY_MS = 86_400_000
_URGENCY = (Trust.CHANGED, Trust.BLOCKED, Trust.NEW, Trust.INVITED, Trust.VERIFIED)


class Verification:
    """Decisions about keys of others.

    Args:
        desk: what all conversations share.
        participations: in every conversation.
    """

    def __init__(self, desk: Desk, participations: Participations) -> None:
        self._desk = desk
        self._participations = participations

    def obey(self, order: Verify | Accept | Block | ExportContacts | ImportContacts) -> None:
        """Do what a person ordered about keys of others."""
        match order:
            case Verify(name=""):
                self._list()
            case Verify():
                self._verify(order.name, order.digits)
            case Accept():
                self._accept(order.name, order.digits)
            case Block():
                self._block(order.name)
            case ExportContacts():
                self._export(order)
            case ImportContacts():
                self._import(order)

    # ------------------------------------------------------------------------------------------ invitations

    def introduce(self, introductions: tuple[tuple[str, bytes], ...]) -> None:
        """Take the fingerprints that an invitation named; what each did is told, unless it was known."""
        for name, fingerprint in introductions:
            if fold(name) != self._desk.me:
                self._introduce(name, fingerprint, "The invitation")

    def _introduce(self, name: str, fingerprint: bytes, source: str) -> None:
        try:
            result = self._desk.trust.introduce(name, fingerprint, self._desk.wall_ms)
        except MlsRefused as refused:
            self._alarm(f"{source} was not noted: {refused}")
            return
        known = self._desk.trust.look_up(name)
        assert known is not None
        match result:
            case Invitation.NOTED:
                self._news(f"{source} names the key of {name}; it is verified as soon as it is seen")
            case Invitation.VERIFIED:
                self._news(f"{source} names the key of {known.name} that is known: it is verified {CHECK}")
            case Invitation.DIFFERS:
                todo = f"Compare with @verify {known.name}, then @trust accept {known.name}"
                self._alarm(f"{source} names another key of {known.name} than the key known so far. {todo}")
            case Invitation.IGNORED:
                was = "the key you verified" if known.is_verified else "what was known before"
                self._alarm(f"{source} names another key of {known.name} than {was}. Nothing was changed")
            case Invitation.KNEW:
                return
        self._look_again(name)

    # ------------------------------------------------------------------------------------------ @verify

    def _list(self) -> None:
        everybody = sorted(self._desk.trust, key=lambda known: _URGENCY.index(known.state))
        verified = sum(known.is_verified or known.state is Trust.INVITED for known in everybody)
        self._answer(f"Contacts: {len(everybody)}, verified: {verified}. Check one with @verify <name>")
        for known in everybody[:LISTED_MAX]:
            self._answer(f"{known.name}: {_state_in_words(known)}, {self._age_in_words(known)}")
        if len(everybody) > LISTED_MAX:
            self._answer(f"and {len(everybody) - LISTED_MAX} more")

    def _age_in_words(self, known: Known) -> str:
        days = max(0, self._desk.wall_ms - known.since_ms) // _DAY_MS
        return "since today" if days == 0 else f"since {days} day{'s' if days > 1 else ''} ago"

    def _verify(self, name: str, typed: str | None) -> None:
        if fold(name) == self._desk.me:
            self._answer("That is you. Name somebody else, or list everybody with @verify")
        elif typed is None:
            self._show(name)
        elif (key := self._key_meant(name, typed)) is not None:
            known = self._desk.trust.verify(name, key, self._desk.wall_ms)
            assert known is not None
            self._tell_verified(known)
            self._look_again(name)

    def _show(self, name: str) -> None:
        known = self._known_with_keys(name)
        if known is None:
            return
        key = known.keys[0]
        self._desk.trust.look(name, key)
        self._show_number(known, key)
        me, name = self._desk.settings.name, known.name
        self._answer(f"If {name} sees the same: @verify {name} <the digits or the words>")
        if key != known.key:
            self._answer(f"To take this key without comparing: @trust accept {name}")
        own = fingerprint_of(self._desk.own_key)
        code = scan_code.write(scan_code.ScanCode(self._desk.me, own, fold(name), fingerprint_of(key)))
        text = f"{name} can scan this code instead, or paste it: @verify {me} {code}"
        self._desk.note(NoteKind.ANSWER, text, None, QrCode(code, self._caption(known, key)))

    def _show_number(self, known: Known, key: bytes) -> None:
        number = self._number(known, key)
        state = self._state_of_key(known, key)
        self._answer(f"Safety number with {known.name} ({state}): {safety_number.grouped(number)}")
        self._answer(f"In words: {safety_number.words(number)}")

    def _caption(self, known: Known, key: bytes) -> tuple[str, ...]:
        """The number and the words in short lines, for beside a code."""
        number = self._number(known, key)
        rows = []
        for text, parts in ((safety_number.grouped(number), 4), (safety_number.words(number), 3)):
            read = text.split()
            rows += ["", *(" ".join(read[at : at + parts]) for at in range(0, len(read), parts))]
        return (f"Safety number with {known.name}", *rows)

    def _state_of_key(self, known: Known, key: bytes) -> str:
        match self._desk.trust.standing(known.name, key):
            case Standing.VERIFIED:
                return f"verified {CHECK}"
            case Standing.NEW_KEY:
                was = "you verified" if known.is_verified else "known so far" if known.key else "in the invitation"
                return f"NEW KEY, not the key {was}"
            case Standing.BLOCKED:
                return "blocked"
        return "not verified"

    def _tell_verified(self, known: Known) -> None:
        name = known.name
        match known.state:
            case Trust.BLOCKED:
                text = f"The number is right, and {name} is still blocked: @trust accept {name} lifts it"
            case Trust.CHANGED:
                text = f"The number is right, but the server offers another key since: @verify {name} shows it"
            case _:
                text = f"The number is right: the key of {name} is verified {CHECK}"
        self._desk.note(NoteKind.ALARM if known.state is Trust.CHANGED else NoteKind.ANSWER, text)

    # ------------------------------------------------------------------------------------------ what was typed

    def _known_with_keys(self, name: str) -> Known | None:
        """Return who is known by a key; None where nobody is, which was told."""
        known = self._desk.trust.look_up(name)
        if known is not None and known.keys:
            return known
        pair = self._participations.find(Conversation.pair(name))
        if known is not None:
            text = f"No key of {name} was seen yet; the one in the invitation is verified as soon as it is seen"
        elif pair is not None and pair.talk.retry.times:  # the server was asked, and had none
            text = f"{name} is a guest and has no key"
        else:
            text = f"No key of {name} was seen yet. Write to {name} first, or type @encrypt user {name}"
        self._answer(text)
        return None

    def _key_meant(self, name: str, typed: str) -> bytes | None:
        """Return the key of somebody that digits, words or a code are of; None, which was told, where of none."""
        if scan_code.is_code(typed):
            return self._key_of_code(name, typed)
        known = self._known_with_keys(name)
        if known is None:
            return None
        read = safety_number.read_typed(typed)
        if read.problem:
            self._answer(read.problem)
            return None
        found = next((key for key in known.keys if self._number(known, key) == read.digits), None)
        if found is None:
            why = f"Somebody may be in between, or this is an old number of {known.name}"
            self._alarm(f"The numbers differ. {why}. Compare again; nothing was changed")
        return found

    def _key_of_code(self, name: str, typed: str) -> bytes | None:
        code = scan_code.read(typed)
        if code is None:
            self._answer("The code is not complete. Scan or paste it again")
        elif code.shower == self._desk.me:
            self._answer(f"This is your own code. Take the one that {name}'s client shows with @verify")
        elif (code.shower, code.other) != (fold(name), self._desk.me):
            self._answer(f"This code is from @{code.shower} for @{code.other}, not from {name} for you")
        elif code.other_fingerprint != fingerprint_of(self._desk.own_key):
            why = "Somebody may be in between; nothing was changed"
            self._alarm(f"The numbers differ. {name}'s client has another key as yours. {why}")
        else:
            return self._key_of_fingerprint(name, code.shower_fingerprint)
        return None

    def _key_of_fingerprint(self, name: str, fingerprint: bytes) -> bytes | None:
        """Return the key of somebody that has it; where none has, note it as an invitation does, or as an alarm."""
        known = self._desk.trust.look_up(name)
        keys = known.keys if known is not None else []
        found = next((key for key in keys if fingerprint_of(key) == fingerprint), None)
        if found is None:
            if keys:
                self._alarm(f"The numbers differ. The server shows another key of {name} than the code names")
            self._introduce(name, fingerprint, "The code")
        return found

    def _number(self, known: Known, key: bytes) -> str:
        return safety_number.safety_number(self._desk.me, self._desk.own_key, known.name, key)

    # ------------------------------------------------------------------------------------------ @trust

    def _accept(self, name: str, typed: str | None) -> None:
        if typed is not None:
            self._accept_typed(name, typed)
            return
        known = self._desk.trust.look_up(name)
        if known is None or not (known.keys or known.state is Trust.BLOCKED):
            self._known_with_keys(name)
            return
        key = _key_looked_at(known)
        if key is None:
            self._ask_to_look(known)
            return
        after = self._desk.trust.accept(name, key, self._desk.wall_ms)
        assert after is not None
        self._tell_accepted(known, after)
        self._look_again(name)

    def _accept_typed(self, name: str, typed: str) -> None:
        """The digits say which key it is, and are a comparison as good as any; a block is lifted by it too."""
        key = self._key_meant(name, typed)
        if key is None:
            return
        known = self._desk.trust.verify(name, key, self._desk.wall_ms)
        if known is not None and known.state is Trust.BLOCKED:
            known = self._desk.trust.accept(name, key, self._desk.wall_ms)
        assert known is not None
        self._tell_verified(known)
        self._look_again(name)

    def _ask_to_look(self, known: Known) -> None:
        name = known.name
        if known.state is not Trust.CHANGED:
            self._answer(f"No other key of {name} is on offer; the one that is known is {_state_in_words(known)}")
            return
        self._show_number(known, known.keys[0])
        self._answer(f"Nothing was changed. If {name} sees the same: @trust accept {name} <digits or words>")
        self._answer(f"To take it without comparing: @verify {name}, then @trust accept {name}")

    def _tell_accepted(self, before: Known, after: Known) -> None:
        name = after.name
        state = f"verified {CHECK}" if after.is_verified else "not verified"
        is_new = after.key != before.key
        text = f"Accepted {name}'s new key ({state})" if is_new else f"Accepted the known key of {name} ({state})"
        self._answer(text)
        if after.state is Trust.CHANGED:
            self._alarm(f"Since you looked, the server offers yet another key. {change_in_words(after)}")

    def _block(self, name: str) -> None:
        known = self._desk.trust.block(name)
        if known is None:
            self._known_with_keys(name)
            return
        self._answer(f"Blocked {known.name}: nothing is encrypted for {known.name} until @trust accept {known.name}")
        self._look_again(name)

    def _look_again(self, name: str) -> None:
        """A key counts for something else now; look where its owner is, or wants to be."""
        for part in self._participations.with_person(fold(name)):
            part.talk.commit.try_afresh()
            part.talk.retry.at_once()
            part.advance()

    def _answer(self, text: str) -> None:
        self._desk.note(NoteKind.ANSWER, text)

    def _news(self, text: str) -> None:
        self._desk.note(NoteKind.NEWS, text)

    def _alarm(self, text: str) -> None:
        self._desk.note(NoteKind.ALARM, text)

    # ------------------------------------------------------------------------------------------ @contacts

    def _export(self, order: ExportContacts) -> None:
        verified = tuple(Contact(known.name, known.key) for known in self._desk.trust if known.state is Trust.VERIFIED)
        if not verified:
            self._answer("Nobody is verified yet, so there is nothing to export. Begin with @verify <name>")
            return
        contacts = Contacts(self._desk.settings.name, self._desk.own_key, order.server, self._desk.wall_ms, verified)
        data = contacts_file.write(contacts, self._desk.identity.signing_key)
        count = f"{len(verified)} verified contact{'s' if len(verified) > 1 else ''}"
        self._desk.note(
            NoteKind.ANSWER, f"Wrote {count} to {order.path}, signed by you", None, ContactsFile(order.path, data)
        )

    def _import(self, order: ImportContacts) -> None:
        try:
            contacts = contacts_file.read(order.data)
        except MlsError as error:
            self._answer(str(error))
            return
        if contacts.server != order.server:
            self._answer("The file is from another server, where names belong to other people. Nothing was changed")
            return
        signer = self._signer(contacts)
        if signer is None:
            who = f"{contacts.name}, or whoever uses that name,"
            todo = f"Verify {contacts.name} first: @verify {contacts.name}"
            self._answer(f"The file is signed by {who} whose key is not verified here. {todo}")
            return
        self._take_contacts(contacts, signer)

    def _signer(self, contacts: Contacts) -> str | None:
        """Return who signed: empty for oneself, a name that is verified here; None for anybody else."""
        if contacts.key == self._desk.own_key:
            return ""
        known = self._desk.trust.look_up(contacts.name)
        is_verified = self._desk.trust.standing(contacts.name, contacts.key) is Standing.VERIFIED
        return known.name if known is not None and is_verified and known.state is Trust.VERIFIED else None

    def _take_contacts(self, contacts: Contacts, signer: str) -> None:
        others = [one for one in contacts.contacts if fold(one.name) not in (self._desk.me, fold(signer))]
        conflicts = [one.name for one in others if not self._take_contact(one, signer)]
        result = f"noted as vouched for by {signer}, not verified" if signer else f"verified {CHECK}"
        taken = len(others) - len(conflicts)
        self._answer(f"Signed by {signer or 'yourself'}: {taken} of {len(others)} contacts {result}")
        for name in conflicts[:CONFLICTS_TOLD_MAX]:
            text = (
                f"Not imported: the file has another key of {name} than this client knows. Compare with @verify {name}"
            )
            self._alarm(text)
        if len(conflicts) > CONFLICTS_TOLD_MAX:
            self._alarm(f"Not imported: {len(conflicts) - CONFLICTS_TOLD_MAX} more, for the same reason")

    def _take_contact(self, contact: Contact, signer: str) -> bool:
        try:
            is_taken = self._desk.trust.vouch(contact.name, contact.key, signer, self._desk.wall_ms)
        except MlsRefused:  # no key can be like this, or no more names can be remembered
            return False
        if is_taken:
            self._look_again(contact.name)
        return is_taken


def _state_in_words(known: Known) -> str:
    vouched = f" (vouched for by {known.vouched_by})" if known.vouched_by else ""
    counts = f"verified {CHECK}" if known.is_verified else f"not verified{vouched}"
    match known.state:
        case Trust.CHANGED:
            return (
                f"NEW KEY on offer; the key known so far is {counts}" if known.key else "NEW KEY, not the invited one"
            )
        case Trust.BLOCKED:
            return f"blocked, {counts}"
        case Trust.INVITED:
            return f"verified {CHECK} by invitation, key not seen yet"
    return counts


def _key_looked_at(known: Known) -> bytes | None:
    """Return the key that `@trust accept` is about, None where the person has not looked at one."""
    if known.shown and known.shown != known.key:
        return known.shown
    if known.state is Trust.BLOCKED:
        return known.key
    has_looked = known.state is Trust.CHANGED and not known.offered and known.shown == known.key
    return known.key if has_looked else None
