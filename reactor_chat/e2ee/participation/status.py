"""What `@encrypt status` says of a conversation, one line each."""

import hashlib

from reactor_chat.e2ee.identity import person_of
from reactor_chat.e2ee.messages.outbound import KEYS_FIRST, Outbound
from reactor_chat.e2ee.state.desk import Desk
from reactor_chat.e2ee.state.talk import Talk
from reactor_chat.e2ee.states import State
from reactor_chat.e2ee.trust.safety_number import grouped
from reactor_chat.mls.group import Group
from reactor_chat.mls.suites import HYBRID

CODE_DIGITS = 30  # about 100 bits: nobody finds another group with the same code
NAMES_IN_A_LINE = 20  # 20 names with their keys' states fit into the 1,000 characters of a note
WORDS = {State.ARMING: "getting keys", State.SEALED: "encrypted", State.FROZEN: "stopped"}
_CODE_LABEL = b"reactor-chat group code v1\x00"


def group_code(group: Group) -> str:
    """Return thirty digits that are the same for all members, in the same epoch, or something is wrong.

    They stand for the tree, everybody's name and key, and the secret of the epoch, so no two groups share them.
    """
    people = sorted((person_of(leaf) for leaf in group.members.values()), key=lambda person: person.folded)
    named = b"".join(person.folded.encode() + b"\x00" + person.key for person in people)
    digest = hashlib.sha512(_CODE_LABEL + group.context.tree_hash + group.epoch_authenticator + named).digest()
    return grouped(f"{int.from_bytes(digest) % 10**CODE_DIGITS:0{CODE_DIGITS}d}")


class Status:
    """How one conversation stands, in words.

    Args:
        desk: what all conversations share.
        talk: the conversation.
        outbound: knows what is in the way.
    """

    def __init__(self, desk: Desk, talk: Talk, outbound: Outbound) -> None:
        self._desk = desk
        self._talk = talk
        self._outbound = outbound

    def lines(self) -> list[str]:
        """Return the answer, at least one line."""
        where = self._talk.wording.first
        if self._talk.state is State.PLAIN:
            found = [f"{where}: what you type is NOT encrypted"]
        else:
            found = [f"{where}: {WORDS[self._talk.state]}{self._why_not_sent()}"]
        if count := len(self._talk.lines.held):
            found.append(f"{count} {'line' if count == 1 else 'lines'} not sent yet")
        if self._talk.group is None or not self._talk.is_in:
            return found
        return found + self._of_group(self._talk.group)

    def _why_not_sent(self) -> str:
        why = self._outbound.obstacle()
        if why == KEYS_FIRST:
            return " (nothing is sent until they arrive)"
        return f"; not sent yet: {why}" if why else ""

    def _of_group(self, group: Group) -> list[str]:
        strength = (
            "safe against quantum computers" if group.suite.number == HYBRID else "not safe against quantum computers"
        )
        minutes = max(0, self._desk.wall_ms - self._talk.record.refreshed_ms) // 60_000
        extra = ", with a passphrase" if self._talk.passphrase.key is not None else ""
        return [
            f"Suite {group.suite.name}, {strength}; epoch {group.epoch}",
            f"Group code {group_code(group)}: must be the same for everyone",
            *self._members(),
            f"Your keys are {minutes} minutes old{extra}",
        ]

    def _members(self) -> list[str]:
        """Everybody who can read, in as many lines as it takes: none is cut off."""
        names = [self._member(person.name, person.key) for person in self._talk.people.values()]
        some = [", ".join(names[at : at + NAMES_IN_A_LINE]) for at in range(0, len(names), NAMES_IN_A_LINE)]
        owner = self._talk.record.owner
        kept = [] if owner is None else [f"The list of members is kept by {owner.name}"]
        return [f"{'Members' if at == 0 else 'and'}: {line}" for at, line in enumerate(some)] + kept

    def _member(self, name: str, key: bytes) -> str:
        if key == self._desk.own_key:
            return f"{name} (you)"
        known = self._desk.trust.look_up(name)
        if known is None or key not in {known.key, known.offered}:
            return f"{name} (NEW KEY)"
        return f"{name} ({known.state.value})"
