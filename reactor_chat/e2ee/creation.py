"""Sealing a conversation that is not sealed yet: who should be in it, which suite they all have, and the first epoch.

Three questions are asked one after the other (who is there; who has keys of the better suite; who of the others has
keys of the weaker one), then the conversation is created with us alone in it, and everybody found is let in by the
first commit.  Whether somebody really knows no better suite is read from what they signed, not from what the server
has.
"""

import msgspec

from reactor_chat.e2ee import member_list
from reactor_chat.e2ee.boundary import Derive, NoteKind
from reactor_chat.e2ee.commit import NAMES_AT_ONCE_MAX, bind, send_pending
from reactor_chat.e2ee.conversation import Scope
from reactor_chat.e2ee.desk import Desk, Purpose
from reactor_chat.e2ee.identity import person_of, suites
from reactor_chat.e2ee.member_list import Entry
from reactor_chat.e2ee.peer_keys import checked
from reactor_chat.e2ee.talk import Fetched, Founding, Pending, Talk
from reactor_chat.e2ee.terms import extension_of, make_terms
from reactor_chat.mls.group import Group
from reactor_chat.mls.keypackage import OwnKeyPackage
from reactor_chat.wire.messages import AskKeys, AskNames, Kdf, KeysAnswer, fold


def found(desk: Desk, talk: Talk) -> None:
    """Begin, where that is not under way: find out who has keys, of those whom people named."""
    if talk.founding is not None or (talk.retry_at or desk.now) > desk.now:
        return
    if talk.where.scope is Scope.GROUP and not talk.record.own_list:
        ours = "" if talk.record.founder else f" (are you? @group encrypt {talk.where.name} <user1,user2,…>)"
        talk.waits_for = f"only the owner of {talk.where.in_words}{ours} can turn encryption on, and has not yet"
        return
    talk.founding = Founding(suites()[0])
    if talk.where.scope is Scope.PAIR:
        who_is_there(desk, talk, [talk.where.name])
    elif talk.record.own_list:
        who_is_there(desk, talk, [entry.name for entry in talk.record.own_list])
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
        fetched = checked(desk, published, founding.suite)
        if fetched is not None and _is_meant(talk, published.name, fetched):
            founding.found.add(fold(published.name))
    founding.missing += answer.missing
    if answer.more or desk.is_asking(Purpose.KEYS_TO_FOUND, talk.where):
        return
    weaker = [suite for suite in suites()[suites().index(founding.suite) + 1 :] if _is_strong_enough(talk, suite)]
    if founding.missing and weaker and not founding.found:
        missing, founding.missing, founding.suite = founding.missing, [], weaker[0]
        _ask(desk, talk, missing)
        return
    _conclude(desk, talk, founding)


def create(desk: Desk, talk: Talk, suite: int) -> None:
    """Make the group, with us alone in it, and tell the server; it replaces the one the server has.

    Where there was one before, it has the same terms or stronger ones.
    """
    claim, strength = talk.record.claim, talk.record.strength
    kdf = strength.kdf if strength is not None and talk.shared_key is not None else None
    salt = talk.shared_salt if talk.shared_key is not None and talk.shared_salt else desk.random(32)
    terms = make_terms(talk.where, desk.me, salt, kdf, closed=talk.record.is_closed)
    extensions = [extension_of(terms)]
    if terms.closed:
        number = max(talk.record.list_number + 1, talk.record.signed_number + 1, desk.wall_ms)
        talk.record.signed_number = number
        me = desk.own_person
        signing_key = desk.identity.signing_key
        members = member_list.make(terms.conversation, number, me, [me], signing_key)
        extensions.append(member_list.extension_of(members))
    own = OwnKeyPackage.generate(suite, desk.identity, desk.random)
    group = Group.create(own, desk.random(32), desk.random, tuple(extensions))
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


def _is_strong_enough(talk: Talk, suite: int) -> bool:
    strength = talk.record.strength
    return strength is None or not strength.lost_in(msgspec.structs.replace(strength, suite=suite))


def _is_meant(talk: Talk, name: str, fetched: Fetched) -> bool:
    """Whether a package is by the key that our list binds somebody to; elsewhere trust has said what is to be said."""
    if not talk.record.own_list:
        return True
    leaf = fetched.package.leaf_node
    return bind(talk, fold(name), person_of(leaf), leaf.signature_key)


def _conclude(desk: Desk, talk: Talk, founding: Founding) -> None:
    talk.founding = None
    is_open_room = talk.where.scope is Scope.ROOM and not talk.record.is_closed
    if not founding.found and founding.names and not is_open_room:
        _nobody_has_keys(desk, talk, founding)
        return
    if talk.record.is_closed and talk.where.scope is Scope.ROOM and not talk.record.own_list:
        _close_for(desk, talk, founding)
    without = [name for name in founding.names if fold(name) not in founding.found]
    if without:
        names = ", ".join(sorted(without, key=fold)[:8]) + (" …" if len(without) > 8 else "")
        desk.note(NoteKind.NEWS, f"Cannot read what is sealed in {talk.where.in_words}: {names}", talk.where)
    if is_open_room and talk.shared_key is None:  # else they ask once they have typed the passphrase
        for name in founding.found:
            talk.asks.setdefault(name, False)
    create(desk, talk, founding.suite)


def _nobody_has_keys(desk: Desk, talk: Talk, founding: Founding) -> None:
    is_news = not talk.retries
    talk.try_later(desk.now)
    who = founding.names[0] if talk.where.scope is Scope.PAIR else f"anybody else in {talk.where.in_words}"
    talk.waits_for = f"there are no keys of {who}, as of a guest: @encrypt off sends it unencrypted"
    if is_news:
        desk.note(NoteKind.NEWS, f"There are no keys of {who} that can be used; what you type is held", talk.where)


def _close_for(desk: Desk, talk: Talk, founding: Founding) -> None:
    """Close the room for those who were there, as our person ordered; they are named before anything is sent."""
    names = sorted(name for name in founding.names if fold(name) in founding.found)
    talk.record.own_list = [own_entry(desk), *(Entry(name, b"") for name in names)]
    talk.record.owner = own_entry(desk)
    talk.save()
    listed = ", ".join(names) or "nobody else"
    desk.note(NoteKind.NEWS, f"On the list of {talk.where.in_words}, beside you: {listed}", talk.where)


def own_entry(desk: Desk) -> Entry:
    """Return ourselves as we stand on a list."""
    return Entry(desk.settings.name, desk.own_key)
