"""What the client's command asks and tells about a person's key: the new one, the locked one, the one brought back."""

import getpass
import os

from reactor_chat.client.connecting.naming import NO_NAME
from reactor_chat.client.standard_error import say, write
from reactor_chat.client.store import identity
from reactor_chat.client.store.file_vault import remember_name, remembered_name
from reactor_chat.client.store.home import Home
from reactor_chat.client.store.identity import Restored
from reactor_chat.client.store.locked_seed import LockedSeed
from reactor_chat.client.store.recovery import code_of, seed_of
from reactor_chat.client.terminal.tty import is_terminal
from reactor_chat.errors import TrustError, UsageError
from reactor_chat.process_start import STDIN, read_line
from reactor_chat.wire.messages import is_name

CODE_CHARS_MAX = 1_000
"""Far more than a recovery code has, however it is spaced; what is beyond it is not read."""

_RESTORED = {
    Restored.NEW: "back",
    Restored.THERE: "there already",
    Restored.UNLOCKED: "back without its passphrase (--lock sets a new one)",
}


def seed_in(home: Home) -> bytes:
    """Return the seed of the home's key; on the first start, make one; in a locked home, ask for the passphrase.

    Raises:
        TrustError: it is locked, and there is no terminal; or the passphrase is another one.
        UsageError: the person gave up.
    """
    found = identity.load(home)
    if isinstance(found, LockedSeed):
        if not is_terminal(STDIN):
            raise TrustError(f"{home.directory} is locked, and its passphrase is asked for on a terminal only")
        return found.opened(_asked(f"Passphrase of {home.directory} (it is not shown): "))
    if found is not None:
        return found
    seed = identity.stage_new(home)
    _show_code(seed)
    identity.publish(home)
    return seed


def lock(home: Home) -> None:
    """Lock a home's key with a passphrase that is asked for, or, with an empty one, unlock it.

    Raises:
        UsageError: the two passphrases differ; nothing was changed.
    """
    seed = seed_in(home)
    passphrase = _asked("New passphrase (it is not shown; empty: none): ")
    if _asked("The same again: ") != passphrase:
        raise UsageError("The two passphrases differ. Nothing was changed")
    identity.lock(home, seed, passphrase)
    say(f"{home.directory} is {'locked with the new passphrase' if passphrase else 'not locked any more'}")


def recover(home: Home, name: str | None) -> None:
    """Bring a key back by its recovery code, which is asked for or read from a pipe.

    Args:
        home: gets the key.
        name: under which the key is known, where the person said it.

    Raises:
        UsageError: the code is mistyped, or the home has another key.
        StorageError: the home cannot be written.
    """
    done = identity.restore(home, seed_of(_read_code()))
    say(f"Your key is {_RESTORED[done]}, in {home.directory}")
    _recover_name(home, name)


def _recover_name(home: Home, name: str | None) -> None:
    """Note under which name the key is known, where it is said; else the server says it when the key connects."""
    if remembered_name(home) is not None:
        return
    if name is None:
        if is_terminal(STDIN):
            say("The server tells your name when you connect")
        return
    if not is_name(name):
        raise UsageError(f"{NO_NAME}. Your key is back; pass your name with --name when you connect")
    remember_name(home, name)
    say(f"You are {name} from the next start on; another name is chosen with --name")


def _read_code() -> str:
    if not is_terminal(STDIN):
        return read_line(STDIN, CODE_CHARS_MAX).decode("utf-8", "replace")
    return _asked("Recovery code (it is not shown): ")


def _asked(question: str) -> str:
    """Return what a person types unseen.  Raises UsageError where they would not."""
    try:
        return getpass.getpass(question)
    except (EOFError, KeyboardInterrupt) as error:
        raise UsageError("Nothing was typed; nothing was changed") from error


def _show_code(seed: bytes) -> None:
    groups = code_of(seed).split()
    half = len(groups) // 2
    say("A key was made for you; the names you take belong to it.")
    say("Write down its recovery code; it is shown only now:")
    write(f"\n    {' '.join(groups[:half])}\n    {' '.join(groups[half:])}\n\n".encode("ascii"))
    say("Keep it private: with it, --recover brings the key back, anywhere.")
    if is_terminal(STDIN):
        _wait_for_enter(b"Press Enter when you have written it down: ")


def _wait_for_enter(question: bytes) -> None:
    """Return when a person has pressed Enter.  Raises UsageError where they gave up; no key was put in its place."""
    write(question)
    try:
        os.read(STDIN, CODE_CHARS_MAX)
    except (OSError, KeyboardInterrupt) as error:
        raise UsageError("Stopped before the key was used. The next start makes another one") from error
