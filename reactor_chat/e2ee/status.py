"""What `@encrypt status` says of a conversation, one line each."""

import hashlib

from reactor_chat.e2ee.desk import Desk
from reactor_chat.e2ee.identity import person_of
from reactor_chat.e2ee.outbound import obstacle
from reactor_chat.e2ee.safety import grouped
from reactor_chat.e2ee.states import State
from reactor_chat.e2ee.talk import Talk
from reactor_chat.mls.group import Group
from reactor_chat.mls.suites import HYBRID

CODE_DIGITS = 30
NAMES_IN_A_LINE = 20
WORDS = {State.ARMING: "getting keys", State.SEALED: "sealed", State.FROZEN: "stopped"}
_CODE_LABEL = b"reactor-chat group code v1\x00"


def group_code(group: Group) -> str:
    """Return thirty digits that are the same for all members, in the same epoch, or something is wrong.

    They stand for the tree, everybody's name and key, and the secret of the epoch, so no two groups share them.
    """
    people = sorted((person_of(leaf) for leaf in group.members.values()), key=lambda person: person.folded)
    named = b"".join(person.folded.encode() + b"\x00" + person.key for person in people)
    digest = hashlib.sha512(_CODE_LABEL + group.context.tree_hash + group.epoch_authenticator + named).digest()
    return grouped(f"{int.from_bytes(digest) % 10**CODE_DIGITS:0{CODE_DIGITS}d}")


def lines(desk: Desk, talk: Talk) -> list[str]:
    """Return the answer, at least one line."""
    where = talk.where.first_in_words
    if talk.state is State.PLAIN:
        found = [f"{where}: what you type is in plain text"]
    else:
        why = obstacle(desk, talk)
        found = [f"{where}: {WORDS[talk.state]}" + (f", held: {why}" if why else "")]
    if talk.held:
        found.append(f"Lines held: {len(talk.held)}")
    if talk.group is None or not talk.is_in:
        return found
    return found + _of_group(desk, talk, talk.group)


def _of_group(desk: Desk, talk: Talk, group: Group) -> list[str]:
    strength = (
        "safe against quantum computers" if group.suite.number == HYBRID else "not safe against quantum computers"
    )
    minutes = max(0, desk.wall_ms - talk.record.refreshed_ms) // 60_000
    return [
        f"Suite {group.suite.name}, {strength}; epoch {group.epoch}",
        f"Group code {group_code(group)}: the same for everybody, or something is wrong",
        *_members(desk, talk),
        f"Your keys are {minutes} minutes old" + (", with a passphrase" if talk.shared_key is not None else ""),
    ]


def _members(desk: Desk, talk: Talk) -> list[str]:
    """Everybody who can read, in as many lines as it takes: none is cut off."""
    names = [_member(desk, person.name, person.key) for person in talk.people.values()]
    some = [", ".join(names[at : at + NAMES_IN_A_LINE]) for at in range(0, len(names), NAMES_IN_A_LINE)]
    owner = talk.record.owner
    kept = [] if owner is None else [f"The list of members is kept by {owner.name}"]
    return [f"{'Members' if at == 0 else 'and'}: {line}" for at, line in enumerate(some)] + kept


def _member(desk: Desk, name: str, key: bytes) -> str:
    if key == desk.own_key:
        return f"{name} (you)"
    known = desk.trust.look_up(name)
    if known is None or key not in {known.key, known.offered}:
        return f"{name} (NEW KEY)"
    return f"{name} ({known.state.value})"
