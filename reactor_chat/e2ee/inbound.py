"""From a sealed message to what may be shown: opened, its sender and order checked, or said why not.

A message that does not open changes nothing but the chain of what was heard: the genuine one, should it come, still
opens.  One that opens and shows that the server told its sender another history freezes the conversation.
"""

import msgspec

from reactor_chat.e2ee import payload
from reactor_chat.e2ee.boundary import Mark, NoteKind, Shown
from reactor_chat.e2ee.conversation import Heard, where_heard
from reactor_chat.e2ee.desk import Desk
from reactor_chat.e2ee.identity import Person
from reactor_chat.e2ee.states import Step
from reactor_chat.e2ee.store import Table
from reactor_chat.e2ee.talk import Talk, digest
from reactor_chat.e2ee.terms import common_name
from reactor_chat.e2ee.transcript_hash import read_mark
from reactor_chat.e2ee.trust import Standing
from reactor_chat.errors import MlsError, MlsRefused
from reactor_chat.mls.outcomes import Unprotected
from reactor_chat.mls.secrettree import RatchetKind
from reactor_chat.wire.messages import SealedMessage, fold, read_sealed

IDS_REMEMBERED = 1_000
TIME_TOLERATED_MINUTES = 15
FORK = "the server showed others another history than us: ask the others, then @encrypt reset"


class _Remembered(msgspec.Struct, frozen=True):
    """What was opened: rows of older versions do not say who said it where, and count for nothing."""

    digest: bytes
    text: str
    author: str = ""
    where: str = ""
    at: int = 0
    is_new_key: bool = False
    is_verified: bool = False


def enrich(notice: Heard, text: str) -> Heard:
    """Return a notice with what was said in the place of what was sealed."""
    return msgspec.structs.replace(notice, text=text, sealed=None)


def unreadable(notice: Heard, why: str) -> Shown:
    """Return a message that cannot be shown, and why."""
    return Shown(notice, Mark.UNREADABLE, why)


def hear(desk: Desk, talk: Talk, notice: Heard, sealed: SealedMessage) -> None:
    """Open a message of somebody else, said in the present epoch of our group; show it or why not."""
    assert talk.group is not None
    expected = talk.group.state.secret_tree
    try:
        opened = talk.group.unprotect(sealed.mls)
        person = talk.people[opened.sender]
        if person.folded != fold(notice.sender):
            raise MlsRefused("a message is passed off as somebody else's")
        mark = read_mark(opened.authenticated_data)
        said = payload.decode(opened.data)
        if said.where not in ("", common_name(talk.where, desk.me)):
            raise MlsRefused("a message for another conversation")
    except MlsError:
        talk.chain.add(notice.seq, sealed.mls)
        desk.show(unreadable(notice, "it does not open, or is not from who it says"))
        return
    missing = opened.generation - expected.next_generation(opened.sender, RatchetKind.APPLICATION)
    talk.move(opened.group, opened.sender)
    agrees = talk.chain.agrees(mark)
    talk.chain.add(notice.seq, sealed.mls)
    if missing:
        _tell_missing(desk, talk, person, missing)
    if not agrees and talk.step(Step.FREEZE, FORK):
        talk.park()
        desk.note(NoteKind.ALARM, f"Held from now on: {FORK}", talk.where)
    desk.show(_shown(desk, talk, notice, sealed, opened, said))


def recall(desk: Desk, notice: Heard) -> Shown | None:
    """Return a message of an old page as it was opened when it came; None where there is nothing to say of it."""
    if notice.sealed is None:
        talk = desk.talks.get(where_heard(notice, desk.me))
        return Shown(notice, Mark.PLAIN) if talk is not None and talk.record.strength is not None else None
    sealed = read_sealed(notice.sealed or {})
    row = desk.store.get(Table.TRANSCRIPT, f"{notice.seq:016d}")
    if sealed is None or row is None:
        return unreadable(notice, "it was not opened here")
    remembered = msgspec.msgpack.decode(row, type=_Remembered)
    where = where_heard(notice, desk.me).key
    came = (remembered.digest, remembered.author, remembered.where, remembered.at)
    if came != (digest(sealed.mls), fold(notice.sender), where, notice.at):
        return unreadable(notice, "the server shows it otherwise than it came")
    mark = Mark.NEW_KEY if remembered.is_new_key else Mark.SEALED
    return Shown(enrich(notice, remembered.text), mark, is_verified=remembered.is_verified)


def remember(desk: Desk, notice: Heard, sealed: SealedMessage, text: str, standing: Standing) -> None:
    """Keep what was said for history, with who said it by which key, where and when it came."""
    where = where_heard(notice, desk.me).key
    is_new_key, is_verified = standing is Standing.NEW_KEY, standing is Standing.VERIFIED
    kept = _Remembered(digest(sealed.mls), text, fold(notice.sender), where, notice.at, is_new_key, is_verified)
    desk.store.put(Table.TRANSCRIPT, f"{notice.seq:016d}", msgspec.msgpack.encode(kept))


def _shown(
    desk: Desk, talk: Talk, notice: Heard, sealed: SealedMessage, opened: Unprotected, said: payload.Payload
) -> Shown:
    person = talk.people[opened.sender]
    if said.kind != payload.TEXT or not said.body:
        return Shown(notice, Mark.UNKNOWN, f"a message of kind {said.kind!r}, which this version does not know")
    standing = desk.trust.standing(person.name, person.key)
    is_new_key = standing is Standing.NEW_KEY
    remember(desk, notice, sealed, said.body, standing)
    again = (person.folded, said.id) in talk.recent_ids
    talk.recent_ids[person.folded, said.id] = None
    if len(talk.recent_ids) > IDS_REMEMBERED:
        del talk.recent_ids[next(iter(talk.recent_ids))]
    remark = "said before: the server told its sender that it was not delivered" if again else ""
    remark = _lie_about_time(notice.at, said.sent_at) or remark
    if said.id != notice.id:
        remark = "the server gave it another id"
    mark = Mark.NEW_KEY if is_new_key else Mark.SEALED
    return Shown(enrich(notice, said.body), mark, remark, is_verified=standing is Standing.VERIFIED)


def _lie_about_time(at: int, sent_at: int) -> str:
    """Return what to say where the server tells another time than the author sealed in; the author's clock may err."""
    minutes = (at - sent_at) // 60_000
    if -TIME_TOLERATED_MINUTES < minutes < TIME_TOLERATED_MINUTES:
        return ""
    return f"by its author's clock it was said {abs(minutes)} minutes {'earlier' if minutes > 0 else 'later'}"


def _tell_missing(desk: Desk, talk: Talk, person: Person, missing: int) -> None:
    what = "1 message was" if missing == 1 else f"{missing} messages were"
    text = f"{what} not delivered by the server: from {person.name}, in {talk.where.in_words}"
    desk.note(NoteKind.ALARM, text, talk.where)
