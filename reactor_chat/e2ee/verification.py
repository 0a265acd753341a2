"""Whom a person verifies, accepts, blocks and hands on: orders about the keys of others, and the lines that answer.

A decision is always about one key: the one whose number or code was typed, or the one that was shown last.  What the
server offers after the person looked is never taken by it.
"""

from reactor_chat.e2ee import contacts as contacts_file
from reactor_chat.e2ee import safety, scan_code
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
from reactor_chat.e2ee.contacts import Contact, Contacts
from reactor_chat.e2ee.conversation import Conversation, Scope
from reactor_chat.e2ee.desk import Desk
from reactor_chat.e2ee.peer_keys import change_in_words
from reactor_chat.e2ee.reconcile import advance
from reactor_chat.e2ee.trust import Invitation, Known, Standing, Trust, fingerprint_of
from reactor_chat.errors import MlsError, MlsRefused
from reactor_chat.wire.messages import fold

CHECK = "\N{CHECK MARK}"
LISTED_MAX = 200
CONFLICTS_TOLD_MAX = 20

_DAY_MS = 86_400_000
_URGENCY = (Trust.CHANGED, Trust.BLOCKED, Trust.NEW, Trust.INVITED, Trust.VERIFIED)


def obey(desk: Desk, order: Verify | Accept | Block | ExportContacts | ImportContacts) -> None:
    """Do what a person ordered about keys of others."""
    match order:
        case Verify(name=""):
            _list(desk)
        case Verify():
            _verify(desk, order.name, order.digits)
        case Accept():
            _accept(desk, order.name, order.digits)
        case Block():
            _block(desk, order.name)
        case ExportContacts():
            _export(desk, order)
        case ImportContacts():
            _import(desk, order)


# ------------------------------------------------------------------------------------------ invitations


def introduce(desk: Desk, introductions: tuple[tuple[str, bytes], ...]) -> None:
    """Take the fingerprints that an invitation named; what each did is told, unless it was known."""
    for name, fingerprint in introductions:
        if fold(name) != desk.me:
            _introduce(desk, name, fingerprint, "The invitation")


def _introduce(desk: Desk, name: str, fingerprint: bytes, source: str) -> None:
    try:
        result = desk.trust.introduce(name, fingerprint, desk.wall_ms)
    except MlsRefused as refused:
        desk.note(NoteKind.ALARM, f"{source} was not noted: {refused}")
        return
    known = desk.trust.look_up(name)
    assert known is not None
    match result:
        case Invitation.NOTED:
            desk.note(NoteKind.NEWS, f"{source} names the key of {name}; it is verified as soon as it is seen")
        case Invitation.VERIFIED:
            desk.note(NoteKind.NEWS, f"{source} names the key of {known.name} that is known: it is verified {CHECK}")
        case Invitation.DIFFERS:
            todo = f"Compare with @verify {known.name}, then @trust accept {known.name}"
            desk.note(NoteKind.ALARM, f"{source} names another key of {known.name} than the key known so far. {todo}")
        case Invitation.IGNORED:
            was = "the key you verified" if known.is_verified else "what was known before"
            desk.note(NoteKind.ALARM, f"{source} names another key of {known.name} than {was}. Nothing was changed")
        case Invitation.KNEW:
            return
    _look_again(desk, name)


# ------------------------------------------------------------------------------------------ @verify


def _list(desk: Desk) -> None:
    everybody = sorted(desk.trust, key=lambda known: _URGENCY.index(known.state))
    verified = sum(known.is_verified or known.state is Trust.INVITED for known in everybody)
    desk.note(NoteKind.ANSWER, f"Contacts: {len(everybody)}, verified: {verified}. Check one with @verify <name>")
    for known in everybody[:LISTED_MAX]:
        desk.note(NoteKind.ANSWER, f"{known.name}: {_state_in_words(known)}, {_age_in_words(desk, known)}")
    if len(everybody) > LISTED_MAX:
        desk.note(NoteKind.ANSWER, f"and {len(everybody) - LISTED_MAX} more")


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


def _age_in_words(desk: Desk, known: Known) -> str:
    days = max(0, desk.wall_ms - known.since_ms) // _DAY_MS
    return "since today" if days == 0 else f"since {days} day{'s' if days > 1 else ''} ago"


def _verify(desk: Desk, name: str, typed: str | None) -> None:
    if fold(name) == desk.me:
        desk.note(NoteKind.ANSWER, "That is you. Name somebody else, or list everybody with @verify")
    elif typed is None:
        _show(desk, name)
    elif (key := _key_meant(desk, name, typed)) is not None:
        known = desk.trust.verify(name, key, desk.wall_ms)
        assert known is not None
        _tell_verified(desk, known)
        _look_again(desk, name)


def _show(desk: Desk, name: str) -> None:
    known = _known_with_keys(desk, name)
    if known is None:
        return
    key = known.keys[0]
    desk.trust.look(name, key)
    _show_number(desk, known, key)
    me, name = desk.settings.name, known.name
    desk.note(NoteKind.ANSWER, f"If {name} sees the same: @verify {name} <the digits or the words>")
    if key != known.key:
        desk.note(NoteKind.ANSWER, f"To take this key without comparing: @trust accept {name}")
    own = fingerprint_of(desk.own_key)
    code = scan_code.write(scan_code.ScanCode(desk.me, own, fold(name), fingerprint_of(key)))
    text = f"{name} can scan this code instead, or paste it: @verify {me} {code}"
    desk.note(NoteKind.ANSWER, text, None, QrCode(code, _caption(desk, known, key)))


def _show_number(desk: Desk, known: Known, key: bytes) -> None:
    number = _number(desk, known, key)
    state = _state_of_key(desk, known, key)
    desk.note(NoteKind.ANSWER, f"Safety number with {known.name} ({state}): {safety.grouped(number)}")
    desk.note(NoteKind.ANSWER, f"In words: {safety.words(number)}")


def _caption(desk: Desk, known: Known, key: bytes) -> tuple[str, ...]:
    """The number and the words in short lines, for beside a code."""
    number = _number(desk, known, key)
    rows = []
    for text, parts in ((safety.grouped(number), 4), (safety.words(number), 3)):
        read = text.split()
        rows += ["", *(" ".join(read[at : at + parts]) for at in range(0, len(read), parts))]
    return (f"Safety number with {known.name}", *rows)


def _state_of_key(desk: Desk, known: Known, key: bytes) -> str:
    match desk.trust.standing(known.name, key):
        case Standing.VERIFIED:
            return f"verified {CHECK}"
        case Standing.NEW_KEY:
            was = "you verified" if known.is_verified else "known so far" if known.key else "in the invitation"
            return f"NEW KEY, not the key {was}"
        case Standing.BLOCKED:
            return "blocked"
    return "not verified"


def _tell_verified(desk: Desk, known: Known) -> None:
    name = known.name
    match known.state:
        case Trust.BLOCKED:
            text = f"The number is right, and {name} is still blocked: @trust accept {name} lifts it"
        case Trust.CHANGED:
            text = f"The number is right, but the server offers another key since: @verify {name} shows it"
        case _:
            text = f"The number is right: the key of {name} is verified {CHECK}"
    desk.note(NoteKind.ALARM if known.state is Trust.CHANGED else NoteKind.ANSWER, text)


# ------------------------------------------------------------------------------------------ what was typed


def _known_with_keys(desk: Desk, name: str) -> Known | None:
    """Return who is known by a key; None where nobody is, which was told."""
    known = desk.trust.look_up(name)
    if known is not None and known.keys:
        return known
    talk = desk.talks.get(Conversation.pair(name))
    if known is not None:
        text = f"No key of {name} was seen yet; the one in the invitation is verified as soon as it is seen"
    elif talk is not None and talk.retries:  # the server was asked, and had none
        text = f"{name} is a guest and has no key"
    else:
        text = f"No key of {name} was seen yet. Write to {name} first, or type @encrypt user {name}"
    desk.note(NoteKind.ANSWER, text)
    return None


def _key_meant(desk: Desk, name: str, typed: str) -> bytes | None:
    """Return the key of somebody that digits, words or a code are of; None where they are of none, which was told."""
    if scan_code.is_code(typed):
        return _key_of_code(desk, name, typed)
    known = _known_with_keys(desk, name)
    if known is None:
        return None
    read = safety.read_typed(typed)
    if read.problem:
        desk.note(NoteKind.ANSWER, read.problem)
        return None
    found = next((key for key in known.keys if _number(desk, known, key) == read.digits), None)
    if found is None:
        why = (
            f"Somebody may be in between, or this is an old number of {known.name}. Compare again; nothing was changed"
        )
        desk.note(NoteKind.ALARM, f"The numbers differ. {why}")
    return found


def _key_of_code(desk: Desk, name: str, typed: str) -> bytes | None:
    code = scan_code.read(typed)
    if code is None:
        desk.note(NoteKind.ANSWER, "The code is not complete. Scan or paste it again")
    elif code.shower == desk.me:
        desk.note(NoteKind.ANSWER, f"This is your own code. Take the one that {name}'s client shows with @verify")
    elif (code.shower, code.other) != (fold(name), desk.me):
        desk.note(NoteKind.ANSWER, f"This code is from @{code.shower} for @{code.other}, not from {name} for you")
    elif code.other_fingerprint != fingerprint_of(desk.own_key):
        why = "Somebody may be in between; nothing was changed"
        desk.note(NoteKind.ALARM, f"The numbers differ. {name}'s client has another key as yours. {why}")
    else:
        return _key_of_fingerprint(desk, name, code.shower_fingerprint)
    return None


def _key_of_fingerprint(desk: Desk, name: str, fingerprint: bytes) -> bytes | None:
    """Return the key of somebody that has it; where none has, note it as an invitation does, or as an alarm."""
    known = desk.trust.look_up(name)
    keys = known.keys if known is not None else []
    found = next((key for key in keys if fingerprint_of(key) == fingerprint), None)
    if found is None:
        if keys:
            desk.note(NoteKind.ALARM, f"The numbers differ. The server shows another key of {name} than the code names")
        _introduce(desk, name, fingerprint, "The code")
    return found


def _number(desk: Desk, known: Known, key: bytes) -> str:
    return safety.safety_number(desk.me, desk.own_key, known.name, key)


# ------------------------------------------------------------------------------------------ @trust


def _accept(desk: Desk, name: str, typed: str | None) -> None:
    if typed is not None:
        _accept_typed(desk, name, typed)
        return
    known = desk.trust.look_up(name)
    if known is None or not (known.keys or known.state is Trust.BLOCKED):
        _known_with_keys(desk, name)
        return
    key = _key_looked_at(known)
    if key is None:
        _ask_to_look(desk, known)
        return
    after = desk.trust.accept(name, key, desk.wall_ms)
    assert after is not None
    _tell_accepted(desk, known, after)
    _look_again(desk, name)


def _accept_typed(desk: Desk, name: str, typed: str) -> None:
    """The digits say which key it is, and are a comparison as good as any; a block is lifted by it too."""
    key = _key_meant(desk, name, typed)
    if key is None:
        return
    known = desk.trust.verify(name, key, desk.wall_ms)
    if known is not None and known.state is Trust.BLOCKED:
        known = desk.trust.accept(name, key, desk.wall_ms)
    assert known is not None
    _tell_verified(desk, known)
    _look_again(desk, name)


def _key_looked_at(known: Known) -> bytes | None:
    """Return the key that `@trust accept` is about, None where the person has not looked at one."""
    if known.shown and known.shown != known.key:
        return known.shown
    if known.state is Trust.BLOCKED:
        return known.key
    has_looked = known.state is Trust.CHANGED and not known.offered and known.shown == known.key
    return known.key if has_looked else None


def _ask_to_look(desk: Desk, known: Known) -> None:
    name = known.name
    if known.state is not Trust.CHANGED:
        desk.note(
            NoteKind.ANSWER, f"No other key of {name} is on offer; the one that is known is {_state_in_words(known)}"
        )
        return
    _show_number(desk, known, known.keys[0])
    desk.note(NoteKind.ANSWER, f"Nothing was changed. If {name} sees the same: @trust accept {name} <digits or words>")
    desk.note(NoteKind.ANSWER, f"To take it without comparing: @verify {name}, then @trust accept {name}")


def _tell_accepted(desk: Desk, before: Known, after: Known) -> None:
    name = after.name
    state = f"verified {CHECK}" if after.is_verified else "not verified"
    is_new = after.key != before.key
    text = f"Accepted {name}'s new key ({state})" if is_new else f"Accepted the known key of {name} ({state})"
    desk.note(NoteKind.ANSWER, text)
    if after.state is Trust.CHANGED:
        desk.note(NoteKind.ALARM, f"Since you looked, the server offers yet another key. {change_in_words(after)}")


def _block(desk: Desk, name: str) -> None:
    known = desk.trust.block(name)
    if known is None:
        _known_with_keys(desk, name)
        return
    desk.note(
        NoteKind.ANSWER, f"Blocked {known.name}: nothing is encrypted for {known.name} until @trust accept {known.name}"
    )
    _look_again(desk, name)


def _look_again(desk: Desk, name: str) -> None:
    """A key counts for something else now; look where its owner is, or wants to be."""
    for talk in list(desk.talks.values()):
        is_pair = talk.where.scope is Scope.PAIR and talk.where.name == fold(name)
        if fold(name) in talk.names or is_pair or fold(name) in talk.asks:
            talk.attempts = 0
            talk.try_now()
            advance(desk, talk)


# ------------------------------------------------------------------------------------------ @contacts


def _export(desk: Desk, order: ExportContacts) -> None:
    verified = tuple(Contact(known.name, known.key) for known in desk.trust if known.state is Trust.VERIFIED)
    if not verified:
        desk.note(NoteKind.ANSWER, "Nobody is verified yet, so there is nothing to export. Begin with @verify <name>")
        return
    contacts = Contacts(desk.settings.name, desk.own_key, order.server, desk.wall_ms, verified)
    data = contacts_file.write(contacts, desk.identity.signing_key)
    count = f"{len(verified)} verified contact{'s' if len(verified) > 1 else ''}"
    desk.note(NoteKind.ANSWER, f"Wrote {count} to {order.path}, signed by you", None, ContactsFile(order.path, data))


def _import(desk: Desk, order: ImportContacts) -> None:
    try:
        contacts = contacts_file.read(order.data)
    except MlsError as error:
        desk.note(NoteKind.ANSWER, str(error))
        return
    if contacts.server != order.server:
        desk.note(
            NoteKind.ANSWER, "The file is from another server, where names belong to other people. Nothing was changed"
        )
        return
    signer = _signer(desk, contacts)
    if signer is None:
        who = f"{contacts.name}, or whoever uses that name,"
        todo = f"Verify {contacts.name} first: @verify {contacts.name}"
        desk.note(NoteKind.ANSWER, f"The file is signed by {who} whose key is not verified here. {todo}")
        return
    _take_contacts(desk, contacts, signer)


def _signer(desk: Desk, contacts: Contacts) -> str | None:
    """Return who signed: empty for oneself, a name that is verified here; None for anybody else."""
    if contacts.key == desk.own_key:
        return ""
    known = desk.trust.look_up(contacts.name)
    is_verified = desk.trust.standing(contacts.name, contacts.key) is Standing.VERIFIED
    return known.name if known is not None and is_verified and known.state is Trust.VERIFIED else None


def _take_contacts(desk: Desk, contacts: Contacts, signer: str) -> None:
    others = [one for one in contacts.contacts if fold(one.name) not in (desk.me, fold(signer))]
    conflicts = [one.name for one in others if not _take_contact(desk, one, signer)]
    result = f"noted as vouched for by {signer}, not verified" if signer else f"verified {CHECK}"
    taken = len(others) - len(conflicts)
    desk.note(NoteKind.ANSWER, f"Signed by {signer or 'yourself'}: {taken} of {len(others)} contacts {result}")
    for name in conflicts[:CONFLICTS_TOLD_MAX]:
        text = f"Not taken: the file has another key of {name} than is known here. Compare with @verify {name}"
        desk.note(NoteKind.ALARM, text)
    if len(conflicts) > CONFLICTS_TOLD_MAX:
        desk.note(NoteKind.ALARM, f"Not taken: {len(conflicts) - CONFLICTS_TOLD_MAX} more, likewise")


def _take_contact(desk: Desk, contact: Contact, signer: str) -> bool:
    try:
        is_taken = desk.trust.vouch(contact.name, contact.key, signer, desk.wall_ms)
    except MlsRefused:  # no key can be like this, or no more names can be remembered
        return False
    if is_taken:
        _look_again(desk, contact.name)
    return is_taken
