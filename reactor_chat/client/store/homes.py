"""Which home a client uses where nobody names one, so that two people at one machine are not in each other's way.

The first has the usual home.  Who comes in under another name while that is in use gets a home of their own beside it,
named after them, and has it again from then on.
"""

from collections.abc import Callable
from pathlib import Path

from reactor_chat.client.store.home import Home, default_home, name_of_holder
from reactor_chat.errors import StorageBusy, UsageError
from reactor_chat.wire.messages import fold, is_name


def directory_of(home: str | None, name: str | None) -> Path | None:
    """Return where a person's home is, or would be if nobody else used it; None where there is no place for one.

    Args:
        home: as it was named; None where it was not.
        name: theirs; None where it is asked for later.

    Raises:
        UsageError: the home is named relative to a directory that was deleted.
    """
    if home is not None:
        try:
            return Path(home).absolute()
        except FileNotFoundError as error:
            raise UsageError(f"{home} leads nowhere: the current directory was deleted. Change to another") from error
    own = _own(name)
    return own if own is not None and own.is_dir() else default_home()


def choose_home(name: str | None, say: Callable[[str], None]) -> Path | None:
    """Return where the home is of a person who named none: the usual one, or their own where somebody else uses that.

    Where there is no place for a home, return None.

    Args:
        name: theirs; None where it is asked for later.
        say: tells the person that they have a home of their own.

    Raises:
        StorageBusy: another client has it, and this is nobody else.
        TrustError: others may enter it, or it is somebody else's.
        StorageError: it cannot be made or written.
    """
    directory, own = directory_of(None, name), _own(name)
    if directory is None:
        return None
    try:
        Home(directory, name).close()
    except StorageBusy:
        holder = name_of_holder(directory) if own is not None and own != directory else None
        if own is None or holder is None or name is None or fold(holder) == fold(name):
            raise
    else:
        return directory
    say(f"{holder} uses the usual home, so {name} has one of their own: {own}")
    return own


def _own(name: str | None) -> Path | None:
    usual = default_home()
    if usual is None or name is None or not is_name(name):
        return None
    return usual.with_name(f"{usual.name}-{fold(name)}")
