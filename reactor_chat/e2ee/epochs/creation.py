"""Sealing a conversation that is not sealed yet: who should be in it, which suite they all have, and the first epoch.

Three questions are asked one after the other (who is there; who has keys of the better suite; who of the others has
keys of the weaker one), then the conversation is created with us alone in it, and everybody found is let in by the
first commit.  Whether somebody really knows no better suite is read from what they signed, not from what the server
has.
"""

import msgspec

from reactor_chat.e2ee import member_list
from reactor_chat.e2ee.boundary import Derive, NoteKind
from reactor_chat.e2ee.epochs.commit import NAMES_AT_ONCE_MAX, Commits
from reactor_chat.e2ee.identity import person_of, suites
from reactor_chat.e2ee.member_list import Member
from reactor_chat.e2ee.membership.list_keeper import ListKeeper
from reactor_chat.e2ee.membership.peer_keys import PeerKeys
from reactor_chat.e2ee.state.candidates import Candidates
from reactor_chat.e2ee.state.desk import Desk, Purpose
from reactor_chat.e2ee.state.own_commit import Fetched, SubmittedCommit
from reactor_chat.e2ee.state.talk import Talk
from reactor_chat.e2ee.terms import extension_of, make_terms
from reactor_chat.mls.group import Group
from reactor_chat.mls.keypackage import OwnKeyPackage
from reactor_chat.wire.conversation import Scope
from reactor_chat.wire.messages import AskKeys, AskNames, Kdf, KeysAnswer, fold


class Creation:
    """How one conversation begins to be sealed by our doing.

    Args:
        desk: what all conversations share.
        talk: the conversation.
        keys: check what the server gives out.
        keeper: of our own list.
        commits: send the creation.
    """

    def __init__(self, desk: Desk, talk: Talk, keys: PeerKeys, keeper: ListKeeper, commits: Commits) -> None:
        self._desk = desk
        self._talk = talk
        self._keys = keys
        self._keeper = keeper
        self._commits = commits

    def begin(self) -> None:
        """Begin, where that is not under way: find out who has keys, of those whom people named."""
        where, record = self._talk.where, self._talk.record
        if self._talk.sync.candidates is not None or self._talk.retry.must_wait(self._desk.now):
            return
        if where.scope is Scope.GROUP and not record.own_list:
            ours = "" if record.founder else f" (are you? @group encrypt {where.name} <user1,user2,…>)"
            self._talk.sync.wait_for(
                f"only the owner of {self._talk.wording.inside}{ours} can turn encryption on, and has not yet"
            )
            return
        self._talk.sync.begin_creating(suites()[0])
        if where.scope is Scope.PAIR:
            self.who_is_there([self._talk.wording.name])
        elif record.own_list:
            self.who_is_there([entry.name for entry in record.own_list])
        else:
            self._desk.ask(AskNames(id=self._desk.fresh_id()), Purpose.WHO_IS_THERE, where)

    def who_is_there(self, names: list[str]) -> None:
        """Take the names; ask for their keys."""
        candidates = self._talk.sync.candidates
        if candidates is not None:
            candidates.name(name for name in names if fold(name) != self._desk.me)
            self._ask(candidates, candidates.names)

    def keys_came(self, answer: KeysAnswer) -> None:
        """Take what the server has of some of them; go on once everything is answered."""
        candidates = self._talk.sync.candidates
        if candidates is None:
            return
        for published in answer.keys:
            fetched = self._keys.checked(published, candidates.suite)
            if fetched is not None and self._is_meant(fetched):
                candidates.is_ready(published.name)
        candidates.lack_keys(answer.missing)
        if answer.more or self._desk.is_asking(Purpose.KEYS_TO_CREATE, self._talk.where):
            return
        weaker = self._weaker_suite(candidates)
        if candidates.missing and weaker is not None and not candidates.ready:
            self._ask(candidates, candidates.try_suite(weaker))
            return
        self._conclude(candidates)

    def create(self, suite: int) -> None:
        """Make the group, with us alone in it, and tell the server; it replaces the one the server has.

        Where there was one before, it has the same terms or stronger ones.
        """
        talk, claim, strength = self._talk, self._talk.record.claim, self._talk.record.strength
        has_key = talk.passphrase.key is not None
        kdf = strength.kdf if strength is not None and has_key else None
        salt = talk.passphrase.salt if has_key and talk.passphrase.salt else self._desk.random(32)
        terms = make_terms(talk.where, self._desk.me, salt, kdf, closed=talk.record.is_closed)
        extensions = [extension_of(terms)]
        if terms.closed:
            extensions.append(member_list.extension_of(self._keeper.first(terms.conversation)))
        own = OwnKeyPackage.generate(suite, self._desk.identity, self._desk.random)
        group = Group.create(own, self._desk.random(32), self._desk.random, tuple(extensions))
        replaces = None if claim is None else claim.group_id
        talk.commit.keep(SubmittedCommit(self._desk.fresh_id(), group.serialize(), 0, replaces=replaces))
        self._commits.send_pending()

    def derive(self, typed: str, salt: bytes, kdf: Kdf) -> None:
        """Ask for the key of a passphrase.

        Args:
            typed: the passphrase, 1 to `PASSPHRASE_BYTES_MAX` bytes of UTF-8.
            salt: `SALT_BYTES` bytes.
            kdf: parameters, which were checked.
        """
        self._talk.passphrase.derive_with(salt)
        self._desk.derive(Derive(self._desk.new_job(self._talk.where), typed, salt, kdf))

    # ------------------------------------------------------------------------------------------ what is found out

    def _ask(self, candidates: Candidates, names: list[str]) -> None:
        for at in range(0, len(names), NAMES_AT_ONCE_MAX):
            request = AskKeys(names[at : at + NAMES_AT_ONCE_MAX], candidates.suite, id=self._desk.fresh_id())
            self._desk.ask(request, Purpose.KEYS_TO_CREATE, self._talk.where)
        if not names:
            self._conclude(candidates)

    def _weaker_suite(self, candidates: Candidates) -> int | None:
        """Return the next suite to try, where what was agreed to allows one."""
        weaker = suites()[suites().index(candidates.suite) + 1 :]
        return next((suite for suite in weaker if self._is_strong_enough(suite)), None)

    def _is_strong_enough(self, suite: int) -> bool:
        strength = self._talk.record.strength
        return strength is None or not strength.lost_in(msgspec.structs.replace(strength, suite=suite))

    def _is_meant(self, fetched: Fetched) -> bool:
        """Whether a package is by the key that our list binds somebody to; elsewhere trust decides."""
        return not self._talk.record.own_list or self._keeper.bind(person_of(fetched.package.leaf_node))

    def _conclude(self, candidates: Candidates) -> None:
        talk, record = self._talk, self._talk.record
        talk.sync.end_creating()
        is_room = talk.where.scope is Scope.ROOM
        is_open_room = is_room and not record.is_closed
        if not candidates.ready and candidates.names and not is_open_room:
            self._nobody_has_keys(candidates)
            return
        if is_room and record.is_closed and not record.own_list:
            self._close_for(candidates)
        self._tell_without(candidates)
        if is_open_room and talk.passphrase.key is None:  # else they ask once they have typed the passphrase
            for name in candidates.ready:
                talk.newcomers.expect(name)
        self.create(candidates.suite)

    def _tell_without(self, candidates: Candidates) -> None:
        """Name those who cannot read along."""
        without = candidates.without_keys
        if without:
            names = ", ".join(sorted(without, key=fold)[:8]) + (" …" if len(without) > 8 else "")
            text = f"These people cannot read {self._talk.wording.inside}, as they have no keys: {names}"
            self._desk.note(NoteKind.NEWS, text, self._talk.where)

    def _nobody_has_keys(self, candidates: Candidates) -> None:
        talk, where = self._talk, self._talk.where
        is_news = not talk.retry.times
        talk.retry.later(self._desk.now)
        who = candidates.names[0] if where.scope is Scope.PAIR else f"nobody else in {talk.wording.inside}"
        has_keys = "has no keys (guests have none)" if where.scope is Scope.PAIR else "has keys (guests have none)"
        why = f"{who} {has_keys}. {talk.wording.how_to_send_plain} sends it unencrypted"
        talk.sync.wait_for(why)
        if is_news:
            self._desk.note(NoteKind.NEWS, f"Not sent yet in {talk.wording.inside}: {why}", where)

    def _close_for(self, candidates: Candidates) -> None:
        """Close the room for those who were there, as our person ordered; they are named before anything is sent."""
        names = sorted(candidates.with_keys)
        with self._talk.changing() as record:
            record.keep_list([self._desk.own_entry, *(Member(name, b"") for name in names)])
        listed = ", ".join(names) or "nobody else"
        text = f"These people can read {self._talk.wording.inside} beside you: {listed}"
        self._desk.note(NoteKind.NEWS, text, self._talk.where)
