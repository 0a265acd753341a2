"""What the journal holds of a sealed conversation, taken strictly in its order.

A commit may need a Welcome or a blob that has to be fetched first.  Until then everything after it waits, stored, in
the same order; nothing overtakes.
"""

from reactor_chat.e2ee.blobs import Download
from reactor_chat.e2ee.boundary import Mark, NoteKind, Shown
from reactor_chat.e2ee.conversation import Heard
from reactor_chat.e2ee.desk import Desk, Purpose
from reactor_chat.e2ee.epoch import RESTORED, commit_came, freeze, lose, needed_blob
from reactor_chat.e2ee.inbound import hear, unreadable
from reactor_chat.e2ee.outbound import hear_echo
from reactor_chat.e2ee.states import State
from reactor_chat.e2ee.talk import Talk
from reactor_chat.wire.messages import BlobAnswer, SealCommitted, fold, read_sealed


def came(desk: Desk, talk: Talk, notice: Heard | SealCommitted) -> None:
    """Take what the journal says now, or keep it until what came before was taken."""
    if talk.backlog:
        _queue(desk, talk, notice)
    elif isinstance(notice, SealCommitted):
        if needed_blob(desk, talk, notice) is not None or not commit_came(desk, talk, notice):
            _queue(desk, talk, notice)
    else:
        _message_came(desk, talk, notice)


def work_off(desk: Desk, talk: Talk) -> None:
    """Take what waits, as far as what it needs is there; fetch what is missing."""
    while talk.backlog:
        notice = talk.backlog[0]
        if isinstance(notice, SealCommitted):
            needed = needed_blob(desk, talk, notice)
            if needed is not None and needed not in talk.blobs:
                _fetch(desk, talk, needed)
                return
            if not commit_came(desk, talk, notice):
                return
            talk.unqueue()
        else:
            talk.unqueue()
            _message_came(desk, talk, notice)


def piece_came(desk: Desk, talk: Talk, answer: BlobAnswer) -> None:
    """Take a piece of a blob."""
    download = talk.downloads.get(answer.hash)
    if download is None:
        return
    for request in download.take(answer, desk.fresh_id):
        desk.ask(request, Purpose.FETCH_PIECE, talk.where)
    if download.is_complete:
        del talk.downloads[answer.hash]
        talk.blobs[answer.hash] = download.whole() or b""
        work_off(desk, talk)


def piece_refused(desk: Desk, talk: Talk) -> None:
    """The server has not what it told of: go on without it, which will not hold."""
    for name in talk.downloads:
        talk.blobs[name] = b""
    talk.downloads.clear()
    work_off(desk, talk)


def _queue(desk: Desk, talk: Talk, notice: Heard | SealCommitted) -> None:
    if talk.queue(notice):
        if len(talk.backlog) == 1:
            work_off(desk, talk)
        return
    desk.note(NoteKind.ALARM, f"Too much is waiting in {talk.where.in_words}", talk.where)
    while talk.backlog:
        waiting = talk.unqueue()
        if not isinstance(waiting, SealCommitted):
            desk.show(unreadable(waiting, "it came before we were let in"))
    lose(desk, talk, "too much came before what it needs")


def _fetch(desk: Desk, talk: Talk, name: bytes) -> None:
    if desk.is_online and name not in talk.downloads:
        download = talk.downloads[name] = Download(name)
        desk.ask(download.first(desk.fresh_id), Purpose.FETCH_PIECE, talk.where)


def _message_came(desk: Desk, talk: Talk, notice: Heard) -> None:
    if notice.sealed is None:
        is_bare = talk.state is not State.PLAIN
        desk.show(Shown(notice, Mark.PLAIN, "not encrypted" if is_bare else ""))
        return
    sealed = read_sealed(notice.sealed)
    if sealed is None:
        desk.show(unreadable(notice, "it is sealed in a way that this version does not know"))
        return
    group = talk.group
    if group is None or sealed.group_id != group.group_id:
        desk.show(unreadable(notice, "it was sealed for others, or before we were let in"))
        return
    if sealed.epoch != group.epoch:
        desk.show(unreadable(notice, "it was sealed with keys of another time"))
        return
    if fold(notice.sender) != desk.me:
        hear(desk, talk, notice, sealed)
        return
    is_ours = hear_echo(desk, talk, notice, sealed)
    talk.chain.add(notice.seq, sealed.mls)
    if not is_ours:
        desk.show(unreadable(notice, "it was sealed in our name, but not by this client as it is now"))
        freeze(desk, talk, RESTORED)
