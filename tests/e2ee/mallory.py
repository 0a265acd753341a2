"""What an attacker can do: a server that says what it likes, and a member that signs what it likes.

A member's client is honest code; these functions use its keys behind its back, which is all that malice can be.
"""

import base64
from collections.abc import Sequence
from typing import Any

from reactor_chat.e2ee.blobs import hash_of, pieces
from reactor_chat.e2ee.packages import reference_of
from reactor_chat.e2ee.payload import decode
from reactor_chat.errors import MlsError
from reactor_chat.mls.commits import CommitOptions
from reactor_chat.mls.encoding.structs import BasicCredential, Capabilities
from reactor_chat.mls.epoch.state import AnyProposal, PskSecrets
from reactor_chat.mls.framing import envelope, protect_public
from reactor_chat.mls.group import Group
from reactor_chat.mls.keypackage import Identity, OwnKeyPackage
from reactor_chat.mls.messages import (
    Add,
    ApplicationData,
    PrivateMessage,
    PrivateMessageContent,
    SenderData,
)
from reactor_chat.mls.operations.sending import signed
from reactor_chat.mls.signatures import Ed25519, SigningKey
from reactor_chat.mls.suites import HYBRID
from reactor_chat.mls.tree.secrettree import RatchetKind, sender_data_key
from reactor_chat.wire.codec import encode
from reactor_chat.wire.conversation import ROOM, Conversation
from reactor_chat.wire.messages import GroupSaid, Notice, Said, SealAdd, SealCommit, Told, read_sealed
from tests.e2ee.world import World


def group_of(world: World, name: str, where: Conversation = ROOM) -> Group:
    """Return somebody's group as it is."""
    group = world[name].talk(where).group
    assert group is not None
    return group


def sealed(group: Group, message: bytes) -> dict[str, Any]:
    """Return a `sealed` object around a message."""
    encoded = (base64.b64encode(part).decode() for part in (group.group_id, message))
    return dict(zip(("v", "group_id", "epoch", "mls"), (1, next(encoded), group.epoch, next(encoded)), strict=True))


def opened(notice: Notice) -> bytes:
    """Return the MLS message in a notice."""
    assert isinstance(notice, Said | Told | GroupSaid)
    assert notice.sealed is not None
    return base64.b64decode(notice.sealed["mls"])


def said(world: World, sender: str, content: dict[str, Any], request_id: str = "x") -> Said:
    """Return what the server would say if somebody had said this in the room, under the next number."""
    return Said(world.service.seq, world.service.at, sender, sealed=content, id=request_id)


def heard_sealed(world: World) -> list[Said]:
    """Return every sealed message of the room, in order."""
    return [notice for notice, _ in world.service.journal if isinstance(notice, Said) and notice.sealed]


def texts_opened(world: World, group: Group) -> list[str]:
    """Return every text that a member opens of all that passed."""
    found = []
    for raw in world.service.sealed:
        sealed = read_sealed(raw)
        try:
            opened = group.unprotect(sealed.mls if sealed is not None else b"")
        except MlsError:
            continue
        group = opened.group
        found.append(decode(opened.data).body)
    return found


def in_the_open(group: Group, text: bytes) -> bytes:
    """Return application data as a PublicMessage, signed and with its membership tag."""
    state = group.state
    authenticated = signed(state, ApplicationData(text), b"", encrypt=False)
    epoch = state.epoch
    public = protect_public(epoch.suite, authenticated, state.secrets.membership_key, epoch.encoded_context)
    return envelope(public)


def by_hand(group: Group, *, tail: bytes = b"", generation: int | None = None, data: bytes = b"canarybird") -> bytes:
    """Return a PrivateMessage of a member whose padding or generation is what an honest client never makes.

    Args:
        tail: in the place of the zeros.
        generation: told in the sender data; the key is that of the next one.
    """
    state = group.state
    suite, tree = state.epoch.suite, state.secret_tree
    authenticated = signed(state, ApplicationData(data), b"", encrypt=True)
    private = PrivateMessageContent(authenticated.content.content, authenticated.signature, None)
    key, _ = tree.key(group.own_leaf, RatchetKind.APPLICATION)
    place = bytes((len(group.group_id),)) + group.group_id + group.epoch.to_bytes(8) + b"\x01"
    ciphertext = suite.aead.seal(key.key, key.nonce, private.encode()[1:] + tail, place + b"\x00")
    sender_key, nonce = sender_data_key(suite, state.secrets.sender_data_secret, ciphertext)
    told = key.generation if generation is None else generation
    sender = suite.aead.seal(sender_key, nonce, SenderData(group.own_leaf, told, bytes(4)).encode(), place)
    return envelope(PrivateMessage(group.group_id, group.epoch, 1, b"", sender, ciphertext))


def commit_as(
    world: World,
    name: str,
    proposals: Sequence[AnyProposal],
    *,
    adds: Sequence[tuple[str, OwnKeyPackage]] = (),
    removes: Sequence[str] = (),
    where: Conversation = ROOM,
    psks: PskSecrets | None = None,
) -> None:
    """Let a member commit what it likes, behind its client's back, and the server take it."""
    person = world[name]
    group = group_of(world, name, where)
    mark = person.talk(where).transcript.mark.encode()
    everything = [*proposals, *(Add(own.package) for _, own in adds)]
    options = CommitOptions(authenticated_data=mark, include_received=False)
    pending = group.commit(person.random, everything, psks=psks or {}, options=options)
    if pending.welcome is not None:
        for piece in pieces(pending.welcome, lambda: f"{name}-piece-{world.service.seq}"):
            world.service.blobs.setdefault((name.lower(), piece.hash), []).append(piece.data)
    for who, own in adds:
        shelf = world.service.shelves[who.lower(), group.suite.number]
        if own.message not in shelf.packages:
            shelf.packages.append(own.message)
    request = SealCommit(
        group.group_id, group.epoch, where.with_, where.group_name, pending.message,
        adds=[SealAdd(who, reference_of(own.message)) for who, own in adds], removes=list(removes),
        welcome=None if pending.welcome is None else hash_of(pending.welcome), id=f"evil-{world.service.seq}",
    )  # fmt: skip
    world.service.take(name, encode(request))


def package(
    name: str | bytes, seed: bytes, random: Any, *, suite: int = HYBRID, capabilities: Capabilities | None = None
) -> OwnKeyPackage:
    """Return a package of anybody, with any key, as anybody can make it."""
    person = World("packages")
    template = person.join("Someone").session.desk.identity
    credential = name if isinstance(name, bytes) else b'{"v":1,"name":"%s","device":0}' % name.encode()
    key = SigningKey(Ed25519(), seed)
    identity = Identity(BasicCredential(credential), key, capabilities or template.capabilities)
    return OwnKeyPackage.generate(suite, identity, random)


def with_version(message: bytes, version: int) -> bytes:
    """Return a message of another MLS version."""
    return version.to_bytes(2) + message[2:]
