"""Sealing a conversation that is not sealed yet: who should be in it, which suite they all have, and the first epoch.

Three questions are asked one after the other (who is there; who has keys of the better suite; who of the others has
keys of the weaker one), then the conversation is created with us alone in it, and everybody found is let in by the
first commit.  Whether somebody really knows no better suite is read from what they signed, not from what the server
has.
"""

from reactor_chat.e2ee import passphrase
from reactor_chat.e2ee.boundary import Derive, NoteKind
from reactor_chat.e2ee.commit import NAMES_AT_ONCE_MAX, send_pending
from reactor_chat.e2ee.conversation import Scope
from reactor_chat.e2ee.desk import Desk, Purpose
from reactor_chat.e2ee.identity import suites
from reactor_chat.e2ee.peer_keys import checked
from reactor_chat.e2ee.talk import Founding, Pending, Talk
from reactor_chat.e2ee.terms import extension_of, make_terms
from reactor_chat.mls.group import Group
from reactor_chat.mls.keypackage import OwnKeyPackage
from reactor_chat.wire.messages import AskKeys, AskNames, AskWho, Kdf, KeysAnswer, fold


def found(desk: Desk, talk: Talk) -> None:
    """Begin, where that is not under way: find out who should be in it."""
    if talk.founding is not None or (talk.retry_at or desk.now) > desk.now:
        return
    talk.founding = Founding(suites()[0])
    if talk.where.scope is Scope.PAIR:
        who_is_there(desk, talk, [talk.where.name])
    elif talk.where.scope is Scope.GROUP:
        desk.ask(AskWho(talk.where.name, id=desk.fresh_id()), Purpose.WHO_IS_THERE, talk.where)
    else:
        desk.ask(AskNames(id=desk.fresh_id()), Purpose.WHO_IS_THERE, talk.where)


def who_is_there(desk: Desk, talk: Talk, names: list[str]) -> None:
    """Take the names; ask for their keys."""
    if talk.founding is not None:
        talk.founding.names = [name for name in names if fold(name) != desk.me]
        _ask(desk, talk, talk.founding.names)


def keys_came(desk: Desk, talk: Talk, answer: KeysAnswer) -> None:
    """Take what the server has of some of them; go on once everything is answered."""
    founding = talk.founding
    if founding is None:
        return
    for published in answer.keys:
        if checked(desk, published, founding.suite) is not None:
            founding.found.add(fold(published.name))
    founding.missing += answer.missing
    if answer.more or desk.is_asking(Purpose.KEYS_TO_FOUND, talk.where):
        return
    weaker = suites()[suites().index(founding.suite) + 1 :]
    if founding.missing and weaker and not founding.found:
        missing, founding.missing, founding.suite = founding.missing, [], weaker[0]
        _ask(desk, talk, missing)
        return
    _conclude(desk, talk, founding)


def create(desk: Desk, talk: Talk, suite: int) -> None:
    """Make the group, with us alone in it, and tell the server; it replaces the one the server has."""
    claim = talk.record.claim
    has_passphrase = talk.shared_key is not None and talk.passphrase_salt is not None
    salt = talk.passphrase_salt if talk.passphrase_salt is not None and has_passphrase else desk.random(32)
    terms = make_terms(talk.where, desk.me, salt, passphrase.DEFAULT if has_passphrase else None)
    own = OwnKeyPackage.generate(suite, desk.identity, desk.random)
    group = Group.create(own, desk.random(32), desk.random, (extension_of(terms),))
    talk.set_pending(Pending(desk.fresh_id(), group.serialize(), 0, replaces=None if claim is None else claim.group_id))
    send_pending(desk, talk)


def wish_key(desk: Desk, talk: Talk, typed: str, salt: bytes, kdf: Kdf) -> int:
    """Wish the key of a passphrase; return the job's number."""
    desk.jobs_given += 1
    talk.passphrase_salt = salt
    desk.derive(Derive(desk.jobs_given, typed, salt, kdf))
    return desk.jobs_given


def _ask(desk: Desk, talk: Talk, names: list[str]) -> None:
    assert talk.founding is not None
    for at in range(0, len(names), NAMES_AT_ONCE_MAX):
        some = names[at : at + NAMES_AT_ONCE_MAX]
        desk.ask(AskKeys(some, talk.founding.suite, id=desk.fresh_id()), Purpose.KEYS_TO_FOUND, talk.where)
    if not names:
        _conclude(desk, talk, talk.founding)


def _conclude(desk: Desk, talk: Talk, founding: Founding) -> None:
    talk.founding = None
    if talk.where.scope is Scope.PAIR and not founding.found:
        is_news = not talk.retries
        talk.try_later(desk.now)
        if is_news:
            text = f"There are no keys of {talk.where.in_words} that can be used; what you type is held"
            desk.note(NoteKind.NEWS, text, talk.where)
        return
    without = [name for name in founding.names if fold(name) not in founding.found]
    if without:
        names = ", ".join(sorted(without, key=fold)[:8]) + (" …" if len(without) > 8 else "")
        desk.note(NoteKind.NEWS, f"Cannot read what is sealed in {talk.where.in_words}: {names}", talk.where)
    if talk.shared_key is None or talk.where.scope is Scope.PAIR:  # else they ask once they have typed the passphrase
        for name in founding.found:
            talk.asks.setdefault(name, False)
    create(desk, talk, founding.suite)
