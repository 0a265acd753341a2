"""What `@encrypt status` says of a conversation, one line each."""

from reactor_chat.e2ee.desk import Desk
from reactor_chat.e2ee.outbound import obstacle
from reactor_chat.e2ee.states import State
from reactor_chat.e2ee.talk import Talk
from reactor_chat.mls.group import Group
from reactor_chat.mls.suites import HYBRID

CODE_DIGITS = 10


def epoch_code(group: Group) -> str:
    """Return ten digits that are the same for all members, in the same epoch, or something is wrong."""
    code = int.from_bytes(group.epoch_authenticator[:8]) % 10**CODE_DIGITS
    digits = f"{code:0{CODE_DIGITS}d}"
    return f"{digits[:5]} {digits[5:]}"


def lines(desk: Desk, talk: Talk) -> list[str]:
    """Return the answer, at least one line."""
    where = talk.where.first_in_words
    if talk.state is State.PLAIN:
        found = [f"{where}: what you type is in plain text"]
    else:
        why = obstacle(desk, talk)
        found = [f"{where}: {talk.state.value}" + (f", held: {why}" if why else "")]
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
        f"Epoch code {epoch_code(group)}: the same for everybody, or something is wrong",
        f"Members: {', '.join(_member(desk, person.name, person.key) for person in talk.people.values())}",
        f"Your keys are {minutes} minutes old" + (", with a passphrase" if talk.shared_key is not None else ""),
    ]


def _member(desk: Desk, name: str, key: bytes) -> str:
    if key == desk.own_key:
        return f"{name} (you)"
    known = desk.trust.look_up(name)
    if known is None or key not in {known.key, known.offered}:
        return f"{name} (another key)"
    return f"{name} ({known.state.value})"
