"""From which number on somebody who comes back is told what they missed, and whether something of it is lost.

Source: PROTOCOL §5.5.
"""

from reactor_chat.chat.boundary import LoggedIn
from reactor_chat.journal.contract import Journal
from reactor_chat.wire.messages import Refused

LOG_BYTES = 16
"""Random bytes in the name of a log."""


def begin_log(journal: Journal, random: bytes) -> str:
    """Begin another log, as each start of a server does that can give numbers, and return its name.

    How many there were is in it, so that no two logs of one journal have the same name, however poor the entropy.

    Args:
        journal: recovered from, and not written since.
        random: LOG_BYTES bytes that no other log got.
    """
    if journal.is_read_only and journal.logs.running is not None:
        return journal.logs.running.name
    name = f"{len(journal.logs) + 1}.{random.hex()}"
    journal.begin_log(name)
    return name


def resumed(journal: Journal, effect: LoggedIn) -> tuple[int | None, Refused | None]:
    """Return the number after which somebody is told everything, None for nothing; and what to tell them first.

    Args:
        journal: where what they missed is.
        effect: says up to which number they were told, and in which logs.

    Somebody who comes back too late to a journal that forgets is told only what is new.
    """
    if effect.after is None:
        return None, None
    after, is_lost = journal.logs.meet(effect.after, effect.seen, journal.head)
    if after + 1 < journal.oldest:
        return None, Refused("gap", "What you missed is not kept any more")
    if is_lost:
        return after, Refused("gap", f"The server has lost what came after number {after} when you saw it", seq=after)
    return after, None
