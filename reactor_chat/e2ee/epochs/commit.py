"""Commits of our own: made, judged by the rules for everybody's, stored before they leave, and sent again as they are.

One is adopted when it comes back in the journal.  Losers get `stale_epoch`, follow the winner's commit and look again
at what is still wanted.
"""

from reactor_chat.e2ee import member_list
from reactor_chat.e2ee.blobs import BLOB_BYTES_MAX, hash_of, pieces
from reactor_chat.e2ee.boundary import NoteKind
from reactor_chat.e2ee.identity import Person
from reactor_chat.e2ee.member_list import MemberList
from reactor_chat.e2ee.membership.list_keeper import ListKeeper
from reactor_chat.e2ee.membership.member_changes import MemberChanges, Wanted
from reactor_chat.e2ee.membership.rules import MembershipRules
from reactor_chat.e2ee.passphrase import psk_name
from reactor_chat.e2ee.state.desk import Desk, Purpose
from reactor_chat.e2ee.state.own_commit import SubmittedCommit
from reactor_chat.e2ee.state.talk import Talk
from reactor_chat.e2ee.terms import Terms, extension_of, terms_of
from reactor_chat.errors import MlsError
from reactor_chat.mls.commits import CommitOptions
from reactor_chat.mls.epoch.state import AnyProposal, PskSecrets
from reactor_chat.mls.group import NO_PSKS, Group
from reactor_chat.mls.messages import Add, GroupContextExtensions, PreSharedKey, PreSharedKeyID, Remove
from reactor_chat.mls.outcomes import PendingCommit
from reactor_chat.wire.messages import AskKeys, SealAdd, SealCommit, SealCreate

ADDS_AT_ONCE_MAX = 200  # below the 256 that one request may tell of (PROTOCOL §12); the next commit adds the others
INLINE_BYTES_MAX = 32 * 1024  # below the 36 KiB that a request may carry; a longer commit is a blob
INLINE_CHANGES_MAX = 64  # names beside a commit in one frame; a commit with more changes is a blob
NAMES_AT_ONCE_MAX = 64  # as many as one request for keys may name


class Commits:
    """Our own commits in one conversation.

    Args:
        desk: what all conversations share.
        talk: the conversation.
        changes: say what is wanted, and when.
        keeper: of our own list.
        rules: judge what we do.
    """

    def __init__(
        self, desk: Desk, talk: Talk, changes: MemberChanges, keeper: ListKeeper, rules: MembershipRules
    ) -> None:
        self._desk = desk
        self._talk = talk
        self._changes = changes
        self._keeper = keeper
        self._rules = rules

    def keep_up(self) -> None:
        """Do what is wanted of the group where it is our turn: ask for keys, commit, send again what has no answer."""
        commit = self._talk.commit
        if commit.pending is not None:
            self.send_pending()
            return
        if commit.failed_too_often or self._desk.is_asking(Purpose.KEYS_TO_ADD, self._talk.where):
            return
        todo = self._changes.wanted()
        if not todo.is_anything:
            commit.stop_wanting()
            return
        commit.want_since(self._desk.now)
        if not self._is_due(todo):
            return
        if todo.adds and commit.fetched is None:
            if not self._talk.retry.must_wait(self._desk.now):
                self._ask_for_keys(todo.adds)
            return
        self._commit(todo)

    def hand_over(self, heir: Person) -> None:
        """Sign the list over to somebody on it, who keeps it from now on; nothing where no commit can be made now."""
        group = self._talk.group
        if group is None or self._talk.commit.pending is not None or not self._keeper.keeps_list:
            return
        self._make([], SubmittedCommit(self._desk.fresh_id(), b"", group.epoch), self._keeper.handed_to(heir))

    def send_pending(self) -> None:
        """Send a commit or creation of ours, once on each connection; the same bytes every time."""
        commit, pending, where = self._talk.commit, self._talk.commit.pending, self._talk.where
        is_waiting = commit.was_sent or self._talk.retry.must_wait(self._desk.now)
        if pending is None or pending.is_refused or is_waiting:
            return
        commit.left()
        if pending.is_creation:
            self._desk.ask(self._creation(pending), Purpose.CREATE, where)
            return
        is_inline = _is_inline(pending)
        for blob in filter(None, (None if is_inline else pending.message, pending.welcome)):
            for piece in pieces(blob, self._desk.fresh_id):
                self._desk.ask(piece, Purpose.STORE_PIECE, where)
        self._desk.ask(self._request(pending, is_inline=is_inline), Purpose.COMMIT, where)

    def refused(self, code: str, text: str) -> None:
        """Note that the server did not take a commit or creation of ours; `text` is what it said, in quotes.

        Args:
            code: of the refusal (PROTOCOL §6).
            text: what the server said, in quotes.
        """
        commit, where = self._talk.commit, self._talk.where
        if commit.pending is None:
            return
        if code != "too_fast":
            commit.failed()
        if code == "stale_epoch":
            self._talk.lose_race()
            return
        self._talk.retry.later(self._desk.now)
        if code in ("no_space", "too_fast"):
            commit.send_again()
            return
        self._talk.change_refused()
        self._desk.note(
            NoteKind.ALARM, f"The server refused a change of keys of {self._talk.wording.inside}; {text}", where
        )

    # ------------------------------------------------------------------------------------------ how it is done

    def _is_due(self, todo: Wanted) -> bool:
        is_urgent = bool(self._talk.lines.ready) or self._talk.commit.is_urgent or todo.refresh
        turn_at = self._changes.turn_at
        return is_urgent or turn_at is None or self._desk.now >= turn_at

    def _ask_for_keys(self, names: list[str]) -> None:
        assert self._talk.group is not None
        self._talk.commit.begin_fetching()
        suite = self._talk.group.suite.number
        for at in range(0, min(len(names), ADDS_AT_ONCE_MAX), NAMES_AT_ONCE_MAX):
            request = AskKeys(names[at : at + NAMES_AT_ONCE_MAX], suite, id=self._desk.fresh_id())
            self._desk.ask(request, Purpose.KEYS_TO_ADD, self._talk.where)

    def _commit(self, todo: Wanted) -> None:
        """Make the commit, as far as there are packages for it."""
        assert self._talk.group is not None
        fetched, people = self._talk.commit.take_fetched(), self._talk.people
        adds = [name for name in todo.adds if name in fetched and self._changes.fits(name, fetched[name])]
        adds = adds[:ADDS_AT_ONCE_MAX]
        only_lost = {leaf for leaf in todo.removes if self._changes.is_only_lost(leaf)}
        removes = [leaf for leaf in todo.removes if people[leaf].folded in adds or leaf not in only_lost]
        self._forget(set(todo.adds) - set(adds))
        if not adds and not removes and not todo.refresh:
            self._talk.commit.stop_wanting()
            if todo.adds:
                self._talk.retry.later(self._desk.now)
            return
        proposals: list[AnyProposal] = [Remove(leaf) for leaf in removes]
        proposals += [Add(fetched[name].package) for name in adds]
        pending = SubmittedCommit(
            self._desk.fresh_id(),
            b"",
            self._talk.group.epoch,
            adds=[SealAdd(name, fetched[name].reference) for name in adds],
            removes=[people[leaf].name for leaf in removes],
            is_refresh=self._talk.commit.is_urgent,
        )
        self._make(proposals, pending)

    def _forget(self, names: set[str]) -> None:
        """Forget that somebody asked of whom there are no keys."""
        for name in names:
            if self._changes.may_add(name):  # else a person decides, and then they are let in
                self._talk.newcomers.forget(name)

    def _make(self, proposals: list[AnyProposal], pending: SubmittedCommit, members: MemberList | None = None) -> None:
        """Make a commit, judge it and keep it; `members` is a list that is handed over."""
        group, where = self._talk.group, self._talk.where
        assert group is not None
        terms = terms_of(group)
        members = members or (self._keeper.next_list(proposals) if terms.closed else None)
        if members is not None:
            extensions = (extension_of(terms), member_list.extension_of(members))
            proposals = [GroupContextExtensions(extensions), *proposals]
        psks, proposals = self._with_passphrase(group, terms, proposals) if pending.adds else (NO_PSKS, proposals)
        options = CommitOptions(authenticated_data=self._talk.transcript.mark.encode(), include_received=False)
        try:
            made = group.commit(self._desk.random, proposals, psks=psks, options=options)
            self._rules.check_own(made.group, proposals)
        except MlsError:
            self._talk.commit.failed()
            self._talk.commit.stop_wanting()
            self._desk.note(NoteKind.ALARM, f"A change of keys of {self._talk.wording.inside} could not be made", where)
            return
        self._keep(made, pending)

    def _with_passphrase(
        self, group: Group, terms: Terms, proposals: list[AnyProposal]
    ) -> tuple[PskSecrets, list[AnyProposal]]:
        """Return the passphrase's key and the proposals with it, where the terms require one."""
        if terms.kdf is None:
            return NO_PSKS, proposals
        nonce = self._desk.random(group.suite.hash_bytes)
        named = PreSharedKey(PreSharedKeyID(psk_name(group.group_id, terms.salt), nonce))
        return self._talk.passphrase.psks(group.group_id, terms.salt), [named, *proposals]

    def _keep(self, made: PendingCommit, pending: SubmittedCommit) -> None:
        """Store the commit and the key it used up, then let it leave."""
        assert made.unaccepted is not None
        self._talk.spend(made.unaccepted)
        if max(len(made.message), len(made.welcome or b"")) > BLOB_BYTES_MAX:
            text = f"Too many changes at once in {self._talk.wording.inside}"
            self._desk.note(NoteKind.ALARM, text, self._talk.where)
            return
        pending.group, pending.message, pending.welcome = made.group.serialize(), made.message, made.welcome
        self._talk.commit.keep(pending)
        self.send_pending()

    # ------------------------------------------------------------------------------------------ requests

    def _request(self, pending: SubmittedCommit, *, is_inline: bool) -> SealCommit:
        assert self._talk.group is not None
        return SealCommit(
            group_id=self._talk.group.group_id,
            epoch=pending.epoch,
            with_=self._talk.where.with_,
            group=self._talk.where.group_name,
            commit=pending.message if is_inline else None,
            commit_blob=None if is_inline else hash_of(pending.message),
            adds=pending.adds,
            removes=pending.removes,
            welcome=None if pending.welcome is None else hash_of(pending.welcome),
            id=pending.id,
        )

    def _creation(self, pending: SubmittedCommit) -> SealCreate:
        group = Group.deserialize(pending.group)
        terms = terms_of(group)
        return SealCreate(
            group_id=group.group_id,
            suite=group.suite.number,
            salt=terms.salt,
            with_=self._talk.where.with_,
            group=self._talk.where.group_name,
            kdf=terms.kdf,
            require=terms.require,
            replaces=pending.replaces,
            id=pending.id,
        )


def _is_inline(pending: SubmittedCommit) -> bool:
    """Whether a commit fits into the request that tells of it."""
    changes = max(len(pending.adds), len(pending.removes))
    return len(pending.message) <= INLINE_BYTES_MAX and changes <= INLINE_CHANGES_MAX
