"""A group as a member sees it: the public face of the package (RFC 9420).

Theory of operation.  A `Group` is a value.  Everything that would change it returns a new group beside the result and
leaves the old one whole, so that "it failed", "the server chose another commit" and "the process died before it was
stored" are all the same case: keep the group you have.  The caller's duties are two.  Store the new group before its
message leaves or its plaintext is shown; and let go of the old one, for its secrets live as long as it does.

Messages of other epochs, used-up keys and our own messages are refused.  Who may do what (admit, remove, change
extensions) is the caller's policy: look at what `receive` returns before adopting the group in it.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from reactor_chat.errors import MlsMalformed, MlsRefused
from reactor_chat.mls import storage
from reactor_chat.mls.commits import CommitOptions, process_commit
from reactor_chat.mls.crypto.kem import Entropy
from reactor_chat.mls.encoding.structs import Extension, GroupContext, LeafNode
from reactor_chat.mls.epoch.state import AnyProposal, MemberState, Proposed, PskSecrets
from reactor_chat.mls.framing import open_envelope
from reactor_chat.mls.keypackage import Identity, OwnKeyPackage
from reactor_chat.mls.messages import (
    Add,
    ApplicationData,
    CommitContent,
    ContentType,
    KeyPackage,
    MemberSender,
    ReInit,
    Remove,
    ResumptionPsk,
    ResumptionUsage,
    Welcome,
)
from reactor_chat.mls.operations.creation import create_group
from reactor_chat.mls.operations.outside import ExternalJoin, join_by_commit
from reactor_chat.mls.operations.receiving import open_message
from reactor_chat.mls.operations.sending import carry, commit, keep_proposal, propose, propose_update, signed
from reactor_chat.mls.operations.welcome import JoinOptions, join_from_welcome, make_invitation
from reactor_chat.mls.outcomes import (
    JoinedGroup,
    PendingCommit,
    Protected,
    ReceivedCommit,
    ReceivedProposal,
    Unprotected,
)
from reactor_chat.mls.suites import Suite
from reactor_chat.mls.values import Value

NO_PSKS: PskSecrets = {}
DEFAULT_OPTIONS = CommitOptions()
NEWCOMER = ExternalJoin()
MEMBER_BYTES_MAX = 16 * 1024
"""What a Welcome may have for each member that is allowed, and for the group itself; the hybrid suite needs 6 KiB."""
EXPORT_BYTES_MAX = 8160  # 255 blocks of the smallest hash (RFC 5869 §2.3)


class Group(Value, frozen=True, eq=False):
    """One member's view of a group in one epoch; a value, equal to what stores the same.

    Made by `create`, `join`, `join_externally` or `deserialize`.

    Attributes:
        state: for the modules of this package.
    """

    state: MemberState

    def __repr__(self) -> str:
        return f"<Group {self.group_id.hex()} epoch {self.epoch} leaf {self.own_leaf}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Group) and self.serialize() == other.serialize()

    def __hash__(self) -> int:
        return hash((self.group_id, self.epoch, self.own_leaf))

    # -- coming into being ------------------------------------------------------------------------------------------

    @classmethod
    def create(
        cls, own: OwnKeyPackage, group_id: bytes, random: Entropy, extensions: tuple[Extension, ...] = ()
    ) -> "Group":
        """Create a group with one member.

        Args:
            own: gives suite, leaf and keys; it is used up.
            group_id: unique, 0 to 64 KiB; 32 random bytes do.
            random: `random(n)` returns n fresh bytes.
            extensions: of the GroupContext.

        Raises:
            MlsRefused: the creator lacks what `extensions` require.

        Source: RFC 9420 §11.
        """
        return cls(create_group(own, group_id, random, extensions))

    @classmethod
    def join(
        cls,
        welcome: bytes,
        own: OwnKeyPackage,
        *,
        psks: PskSecrets = NO_PSKS,
        tree: bytes | None = None,
        previous: "Group | None" = None,
        now: int | None = None,
    ) -> "Group":
        """Join a group that somebody added us to; see `open_welcome` (RFC 9420 §12.4.3.1).

        Args:
            previous: the group this one reinitialises or branches from.
        """
        old = previous.state if previous is not None else None
        return cls._join(welcome, own, psks, JoinOptions(tree, old, now)).group

    @classmethod
    def open_welcome(
        cls,
        welcome: bytes,
        own: OwnKeyPackage,
        *,
        psks: PskSecrets = NO_PSKS,
        tree: bytes | None = None,
        now: int | None = None,
        members_max: int | None = None,
    ) -> JoinedGroup:
        """Join a group that somebody added us to, and learn who did and what it said.

        Left to the caller: whether a group of that id is already ours, and whether the members' credentials are good.

        Args:
            welcome: encoded MLSMessage.
            own: the KeyPackage the Welcome names; forget it after success.
            psks: pre-shared keys the Welcome may ask for.
            tree: the ratchet tree (`Group.ratchet_tree`), where the Welcome carries none.
            now: seconds since 1970 to check lifetimes, or None.
            members_max: members of the group, and newcomers of the Welcome, at most; or None.

        Raises:
            MlsMalformed: no MLSMessage, or a part of it is no object of the RFC.
            MlsRefused: not for us, a pre-shared key is missing, more members than `members_max` (found out before
                any signature is verified), or anything that does not hold; `own` is still good.

        Source: RFC 9420 §12.4.3.1.
        """
        if members_max is not None and len(welcome) > (members_max + 1) * MEMBER_BYTES_MAX:
            raise MlsRefused("a Welcome is for more members than are allowed")
        return cls._join(welcome, own, psks, JoinOptions(tree, None, now, members_max))

    @classmethod
    def _join(cls, welcome: bytes, own: OwnKeyPackage, psks: PskSecrets, options: JoinOptions) -> JoinedGroup:
        body = open_envelope(welcome).body
        if not isinstance(body, Welcome):
            raise MlsRefused("no Welcome")
        joined = join_from_welcome(body, own, psks, options)
        return JoinedGroup(cls(joined.state), joined.signer, joined.extensions, joined.psks)

    @classmethod
    def join_externally(
        cls, group_info: bytes, own: OwnKeyPackage, random: Entropy, join: ExternalJoin = NEWCOMER
    ) -> PendingCommit:
        """Join a group by a commit of our own.

        Args:
            group_info: encoded MLSMessage from `Group.group_info`.
            own: gives leaf and signature key.
            join: what else there is to say.

        Returns:
            The commit for the members, in the open, and our group once it is accepted.

        Raises:
            MlsMalformed: no MLSMessage.
            MlsRefused: the GroupInfo does not hold or does not invite.

        Source: RFC 9420 §12.4.3.2.
        """
        sent = join_by_commit(group_info, own, join, random)
        return PendingCommit(sent.message, None, cls(sent.state))

    # -- what it is -------------------------------------------------------------------------------------------------

    @property
    def suite(self) -> Suite:
        """The cipher suite."""
        return self.state.epoch.suite

    @property
    def context(self) -> GroupContext:
        """What all members agree on in this epoch."""
        return self.state.epoch.context

    @property
    def group_id(self) -> bytes:
        """The group's name."""
        return self.context.group_id

    @property
    def epoch(self) -> int:
        """Commits so far."""
        return self.context.epoch

    @property
    def own_leaf(self) -> int:
        """Our leaf index."""
        return self.state.own_leaf

    @property
    def members(self) -> dict[int, LeafNode]:
        """Every member's leaf by leaf index, ascending."""
        return dict(self.state.epoch.tree.leaves())

    @property
    def proposals(self) -> tuple[Proposed, ...]:
        """Proposals of this epoch not yet committed, in the order received."""
        return self.state.proposals

    @property
    def reinit(self) -> ReInit | None:
        """What the group is to be reinitialised as; it is closed then."""
        return self.state.reinit

    @property
    def epoch_authenticator(self) -> bytes:
        """A value that members compare to see that they are in the same epoch of the same group (RFC 9420 §8.7)."""
        return self.state.secrets.epoch_authenticator

    def ratchet_tree(self) -> bytes:
        """Return the public tree for joiners whose Welcome carries none (RFC 9420 §12.4.3.3)."""
        return self.state.epoch.tree.encode()

    def export(self, label: bytes, context: bytes, length: int) -> bytes:
        """Derive a secret of the epoch for another purpose.

        Args:
            label: names the purpose.
            context: bound into the secret.
            length: 0 to EXPORT_BYTES_MAX bytes.

        Raises:
            MlsMalformed: too long.

        Source: RFC 9420 §8.5.
        """
        if not 0 <= length <= EXPORT_BYTES_MAX:
            raise MlsMalformed("an exported secret exceeds its limit")
        return self.state.secrets.export(self.suite, label, context, length)

    def psk(self, usage: ResumptionUsage = ResumptionUsage.APPLICATION) -> PskSecrets:
        """Return this epoch's resumption key under its name, to be proposed here or elsewhere (RFC 9420 §8.6)."""
        return {ResumptionPsk(usage, self.group_id, self.epoch): self.state.secrets.resumption_psk}

    def keeping_resumption(self, epochs: int) -> "Group":
        """Return this group remembering the resumption keys of `epochs` past epochs; by default it remembers none."""
        return Group(replace(self.state, resumption_epochs=epochs))

    def group_info(self, *, with_tree: bool = True, extensions: tuple[Extension, ...] = ()) -> bytes:
        """Return an encoded MLSMessage that lets outsiders join by a commit of their own, once.

        Args:
            with_tree: the ratchet tree is in it; else the outsider has to get it elsewhere.
            extensions: of the GroupInfo.

        Source: RFC 9420 §12.4.3, §12.4.3.2.
        """
        return make_invitation(self.state, extensions, with_tree=with_tree)

    def serialize(self) -> bytes:
        """Return the whole group, secrets included, for storage only; the first byte is the version."""
        return storage.serialize(self.state)

    @classmethod
    def deserialize(cls, stored: bytes) -> "Group":
        """Read what `serialize` wrote.

        Raises:
            MlsMalformed: not of this form.
            MlsRefused: another version, or parts that do not belong together.
        """
        return cls(storage.deserialize(stored))

    # -- messages ---------------------------------------------------------------------------------------------------

    def protect(self, data: bytes, random: Entropy, *, authenticated_data: bytes = b"", padding: int = 0) -> Protected:
        """Encrypt a message to the group.

        Args:
            data: 0 to 1 MiB.
            random: gives 4 bytes.
            authenticated_data: readable by everybody, 0 to 64 KiB.
            padding: zero bytes to append, 0 to 64 KiB.

        Raises:
            MlsMalformed: a size exceeds its limit.
            MlsRefused: proposals of others wait for a commit (§12.4), the group is closed, or the ratchet is at its
                end.

        Source: RFC 9420 §6.3, §15.
        """
        state = self.state
        state.check_open()
        if any(proposed.sender != MemberSender(self.own_leaf) for proposed in state.proposals):
            raise MlsRefused("proposals are waiting: commit before sending")
        authenticated = signed(state, ApplicationData(data), authenticated_data, encrypt=True)
        sent = carry(state, authenticated, random, padding)
        return Protected(sent.message, Group(sent.state))

    def unprotect(self, message: bytes) -> Unprotected:
        """Decrypt and verify a message of another member.

        Args:
            message: encoded MLSMessage.

        Raises:
            MlsMalformed: no MLSMessage, or its plaintext is no content or padded with other than zeros.
            MlsRefused: anything that does not hold; the key is not used up, the genuine message still opens.

        Source: RFC 9420 §6.3.
        """
        opened = open_message(self.state, message, frozenset({ContentType.APPLICATION}))
        content = opened.authenticated.content
        sender, inner = content.sender, content.content
        assert isinstance(sender, MemberSender), "only members have message keys"
        assert isinstance(inner, ApplicationData), "the kind was asked for"
        assert opened.generation is not None, "application data never travels in the open"
        after = Group(opened.state)
        return Unprotected(inner.data, sender.leaf_index, content.authenticated_data, opened.generation, after)

    def receive(
        self, message: bytes, *, psks: PskSecrets = NO_PSKS, now: int | None = None, members_max: int | None = None
    ) -> ReceivedProposal | ReceivedCommit:
        """Take in a proposal or a commit of somebody else.

        Args:
            message: encoded MLSMessage.
            psks: pre-shared keys a commit may ask for; resumption keys of this group need not be named.
            now: seconds since 1970 to check the lifetimes of those added, or None.
            members_max: members after a commit that adds somebody, at most; or None.

        Raises:
            MlsMalformed: no MLSMessage, or a part of it is no object of the RFC.
            MlsRefused: anything that does not hold; this group is as it was, to the last byte.

        Source: RFC 9420 §12.1, §12.4.2.
        """
        opened = open_message(self.state, message, frozenset({ContentType.PROPOSAL, ContentType.COMMIT}))
        content = opened.authenticated.content
        if isinstance(content.content, CommitContent):
            followed = process_commit(opened.state, opened.authenticated, psks, now, members_max)
            after = Group(followed.state) if followed.state is not None else None
            return ReceivedCommit(content.sender, followed.proposals, content.authenticated_data, after)
        kept = keep_proposal(opened.state, opened.authenticated, now)
        return ReceivedProposal(kept.proposals[-1], content.authenticated_data, Group(kept))

    # -- proposals and commits --------------------------------------------------------------------------------------

    def propose(
        self, proposal: AnyProposal, random: Entropy, *, encrypt: bool = True, authenticated_data: bytes = b""
    ) -> Protected:
        """Propose a change for somebody to commit; for our own update, use `propose_update`.

        Args:
            encrypt: it travels as a PrivateMessage.
            authenticated_data: covered by the signature, and readable.

        Raises:
            MlsRefused: the proposal is not valid here, or the group is closed.
            MlsMalformed: a limit is exceeded.

        Source: RFC 9420 §12.1.
        """
        sent = propose(self.state, proposal, random, authenticated_data, encrypt=encrypt)
        return Protected(sent.message, Group(sent.state))

    def propose_update(self, random: Entropy, identity: Identity | None = None, *, encrypt: bool = True) -> Protected:
        """Propose fresh keys for our own leaf; another member has to commit them.

        Args:
            identity: what the leaf says from then on; None leaves it as it is.

        Source: RFC 9420 §12.1.2.
        """
        sent = propose_update(self.state, random, identity, encrypt=encrypt)
        return Protected(sent.message, Group(sent.state))

    def add(
        self,
        packages: Sequence[KeyPackage],
        random: Entropy,
        *,
        psks: PskSecrets = NO_PSKS,
        options: CommitOptions = DEFAULT_OPTIONS,
    ) -> PendingCommit:
        """Commit to adding clients, whose packages `read_key_package` returned; see `commit` (RFC 9420 §12.1.1)."""
        return self.commit(random, [Add(package) for package in packages], psks=psks, options=options)

    def remove(
        self,
        leaf_indices: Sequence[int],
        random: Entropy,
        *,
        psks: PskSecrets = NO_PSKS,
        options: CommitOptions = DEFAULT_OPTIONS,
    ) -> PendingCommit:
        """Commit to removing members, others than ourselves; see `commit` (RFC 9420 §12.1.3)."""
        return self.commit(random, [Remove(index) for index in leaf_indices], psks=psks, options=options)

    def update(
        self, random: Entropy, *, psks: PskSecrets = NO_PSKS, options: CommitOptions = DEFAULT_OPTIONS
    ) -> PendingCommit:
        """Commit to fresh keys of our own, from our leaf to the root; see `commit` (RFC 9420 §12.4)."""
        return self.commit(random, psks=psks, options=options)

    def commit(
        self,
        random: Entropy,
        proposals: Sequence[AnyProposal] = (),
        *,
        psks: PskSecrets = NO_PSKS,
        options: CommitOptions = DEFAULT_OPTIONS,
    ) -> PendingCommit:
        """Make a commit; this group stays in its epoch until the commit is accepted.

        Args:
            random: `random(n)` returns n fresh bytes.
            proposals: made and committed at once, in this order, after those received before.
            psks: secrets of the pre-shared keys proposed; resumption keys of this group need not be named.
            options: how it is made and travels.

        Returns:
            The message, the Welcome if anybody is added, and the group to adopt on acceptance.

        Raises:
            MlsRefused: the proposals may not be committed together, a pre-shared key is missing, or the group is
                closed.
            MlsMalformed: a limit is exceeded.

        Source: RFC 9420 §12.4.1.
        """
        sent = commit(self.state, proposals, psks, options, random)
        assert sent.unaccepted is not None, "a commit says what is if nobody accepts it"
        return PendingCommit(sent.message, sent.welcome, Group(sent.state), Group(sent.unaccepted))
