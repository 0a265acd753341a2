"""The client's command: reads the options, opens the home, chooses the view, and runs."""

import getpass
import os
import secrets
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

from reactor_chat.client.boundary import ExitStatus, Settings
from reactor_chat.client.commands.moments import read_moment
from reactor_chat.client.connecting.destination import read_destination
from reactor_chat.client.connecting.first_contact import FirstContact, Missed
from reactor_chat.client.connecting.known_servers import KnownServers, address_of
from reactor_chat.client.connecting.naming import NO_NAME
from reactor_chat.client.connecting.server_key import ServerKey
from reactor_chat.client.engine import Engine
from reactor_chat.client.messaging import OpenSession
from reactor_chat.client.options import DEFAULT_PORT, read_options
from reactor_chat.client.runner import Runner, View
from reactor_chat.client.store import identity
from reactor_chat.client.store.contact_files import ContactFiles
from reactor_chat.client.store.file_vault import FileVault, remember_name, remembered_name
from reactor_chat.client.store.home import Home
from reactor_chat.client.store.homes import choose_home, directory_of
from reactor_chat.client.store.identity import KeyIdentity, Restored
from reactor_chat.client.store.ignore_file import IgnoreFile
from reactor_chat.client.store.locked_seed import LockedSeed
from reactor_chat.client.store.recovery import code_of, seed_of
from reactor_chat.client.store.server_vaults import Chosen, ServerVaults
from reactor_chat.client.store.vault import Vault
from reactor_chat.client.terminal.line_mode import LineMode
from reactor_chat.client.terminal.palette import Palette, wants_256, wants_color
from reactor_chat.client.terminal.pipe_mode import PipeMode
from reactor_chat.client.terminal.streams import InEncoding, OutputStream, recoded
from reactor_chat.client.terminal.tty import Terminal, is_terminal, opened_again, speaks_utf_8
from reactor_chat.e2ee.boundary import Settings as SessionSettings
from reactor_chat.e2ee.session import Session
from reactor_chat.errors import ReactorChatError, StorageBusy, StorageError, TrustError, UsageError
from reactor_chat.process_start import STDERR, STDIN, STDOUT, other_encoding, program, read_line, write_whole
from reactor_chat.text.safe import safe
from reactor_chat.wire.messages import is_name

PROGRAM = "reactor-chat"
SCROLLBACK = 20
CODE_CHARS_MAX = 1_000
_STATUSES = {
    StorageBusy: ExitStatus.TRY_LATER,
    StorageError: ExitStatus.FAILED,
    TrustError: ExitStatus.REFUSED,
    UsageError: ExitStatus.USAGE,
}
_RESTORED = {
    Restored.NEW: "back",
    Restored.THERE: "there already",
    Restored.UNLOCKED: "back without its passphrase (--lock sets a new one)",
}


class Belongings(NamedTuple):
    """What a person brings along; a guest brings nothing."""

    vault: Vault | None = None
    key: KeyIdentity | None = None
    name: str | None = None  # of last time
    open_session: OpenSession | None = None
    news: Sequence[str] = ()  # about the server's key and the vault
    ignored: IgnoreFile | None = None
    is_key_new: bool = False


@program(PROGRAM)
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the client.

    Args:
        arguments: the command line without the program's name; None takes the process's.

    Returns:
        The exit status (PROTOCOL §10).
    """
    options = read_options(sys.argv[1:] if arguments is None else arguments)
    try:
        if options.lock:
            return _lock(options)
        return _recover(options) if options.recover else _talk(options)
    except (StorageError, TrustError, UsageError, OSError) as error:
        return _failed(error)


# ---------------------------------------------------------------------------------------------- talking


def _talk(options: Namespace) -> ExitStatus:
    interactive = is_terminal(STDIN)
    on_terminal = interactive and is_terminal(STDOUT)
    is_plain = options.plain or options.json or not on_terminal or os.environ.get("TERM", "dumb") in ("", "dumb")
    if options.name == "":
        raise UsageError(f"{NO_NAME}. Use --name NAME")
    if options.name is None and not interactive:
        raise UsageError("No terminal to ask for a name. Use --name NAME")
    if options.home is None and not options.guest:
        chosen = choose_home(options.name, _say)
        options.home = None if chosen is None else str(chosen)
    server_key = _server_key(options)
    if options.guest and options.introductions:
        _say(
            "A guest cannot check the key of whoever made the link. Connect without --guest to start verified with them"
        )
    with ExitStack() as stack:
        belongings = Belongings() if options.guest else _belongings(options, server_key, stack)
        if isinstance(belongings, Missed):
            return _missed(belongings)
        if options.name is None and belongings.name is not None:
            options.name = belongings.name
            _say(f"You are {options.name}, as last time; another name is chosen with --name")
        elif options.name is None and belongings.key is not None and not belongings.is_key_new:
            options.name = ""  # the server knows which one the key owns
        settings = Settings(
            name=options.name,
            server=_server(options),
            interactive=interactive,
            id_prefix=secrets.token_hex(8),
            address=address_of(options.host, options.port),
            time_of_day=_local_time_of_day,
            files=ContactFiles(),
            invite=options.invite,
            tells_all=options.json,
            greets=interactive,
            moment=lambda typed: read_moment(typed, _local_time(None)),
            ignored=belongings.ignored.names() if belongings.ignored is not None else (),
            keep_ignored=belongings.ignored.keep if belongings.ignored is not None else None,
            curious=not is_plain,
            scrollback=0 if is_plain else SCROLLBACK,
        )
        jitter = secrets.SystemRandom().random
        engine = Engine(settings, jitter, belongings.vault, belongings.key, belongings.open_session)
        output = STDOUT if is_plain else opened_again(STDOUT)
        if output != STDOUT:
            stack.callback(os.close, output)
        runner = Runner(engine, options.host, options.port, server_key, output, belongings.news)
        return _ended(runner.run(_view(options, engine, runner.out, is_plain=is_plain), STDIN), runner.out)


def _ended(status: ExitStatus, out: OutputStream) -> ExitStatus:
    """Return how the process ends; what was lost because it could not be written is no success."""
    if out.failure is None:
        return status
    _say(f"Standard output cannot be written: {out.failure.strerror}")
    return status or ExitStatus.FAILED


def _server_key(options: Namespace) -> ServerKey | None:
    """Return what judges the server's key, None without TLS; what stands in the place of the host is taken apart."""
    options.host, options.port, linked, options.introductions = read_destination(
        options.host, options.port, DEFAULT_PORT
    )
    if not options.plaintext:
        known = _known_servers(options)
        return ServerKey(known, options.host, options.port, _utc_now, pinned=options.pin, linked=linked)
    if options.pin or linked:
        raise UsageError("Without TLS a server has no key. Leave out either the key or --plaintext")
    _confirm_plaintext(options)
    return None


def _confirm_plaintext(options: Namespace) -> None:
    """Return if nobody is led past a key that is known: the server has none, or the person wants it so."""
    address = address_of(options.host, options.port)
    known = _known_servers(options).find(address)
    if known is None:
        return
    what = f"{address} is known by its key since {known.since[:10]}, and --plaintext would not check it"
    if not is_terminal(STDIN):
        raise TrustError(f"{what}. Leave out --plaintext")
    _say(f"{what}: anyone on the network path could pass for the server.")
    _to_stderr(b'Type "yes" to connect all the same: ')
    if not _says_yes():
        raise TrustError("Not connected. Leave out --plaintext to have the key checked")


def _says_yes() -> bool:
    return _line_typed().lower() == "yes"


def _line_typed() -> str:
    """Return the line that a person types; an empty one where they do not."""
    try:
        return os.read(STDIN, CODE_CHARS_MAX).decode("utf-8", "replace").strip()  # a terminal gives one line
    except (OSError, KeyboardInterrupt):
        return ""


def _server(options: Namespace) -> str:
    return f"{options.host} port {options.port}"


def _local_time_of_day(at: int) -> str:
    """Return when something happened, in milliseconds since the Unix epoch, by the clock on this person's wall."""
    when, now = time.localtime(at / 1_000), time.localtime()
    return time.strftime("%H:%M" if when[:3] == now[:3] else "%Y-%m-%d %H:%M", when)


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _belongings(options: Namespace, server_key: ServerKey | None, stack: ExitStack) -> Belongings | Missed:
    """Open the home and everything in it, to be closed by the stack; on the first start, make a key.

    Where the server's key must be known first, go and look at it.
    """
    home = stack.enter_context(Home(_directory(options), options.name))
    is_key_new = not identity.is_there(home)
    seed = _seed(home)
    chosen = _chosen_vault(options, server_key, ServerVaults(home))
    if isinstance(chosen, Missed):
        return chosen
    vault = stack.enter_context(closing(FileVault(chosen.path, home, identity.vault_secret(seed))))
    ignored = IgnoreFile(home, chosen.path.stem.replace(" ", "_"))
    opening = partial(_open_session, seed, options.introductions)
    return Belongings(vault, KeyIdentity(seed), remembered_name(home), opening, chosen.news, ignored, is_key_new)


def _chosen_vault(options: Namespace, server_key: ServerKey | None, vaults: ServerVaults) -> Chosen | Missed:
    if server_key is None:
        return _vault_without_tls(options, vaults)
    before, binding, news = server_key.known, server_key.expected, None
    if binding is None:
        met = FirstContact(options.host, options.port, _server(options), server_key).run()
        if isinstance(met, Missed):
            return met
        binding, news = met
    old = before if before is not None and server_key.is_gone(before) else None
    chosen = vaults.of_key(binding, server_key.addresses, old)
    return chosen if news is None else Chosen(chosen.path, (news, *chosen.news))


def _vault_without_tls(options: Namespace, vaults: ServerVaults) -> Chosen:
    """Return the vault of the address, or of the key that the person knows to be behind it."""
    known = _known_servers(options)
    found = known.find(address_of(options.host, options.port))
    if found is None:
        return vaults.of_address(options.host, options.port)
    return vaults.of_key(found.binding, known.addresses_of(found.binding))


def _missed(missed: Missed) -> ExitStatus:
    if missed.text:
        _say(missed.text)
    return missed.status


def _open_session(
    seed: bytes, introductions: tuple[tuple[str, bytes], ...], name: str, vault: Vault, fresh_id: Callable[[], str]
) -> Session:
    wall_ms_at_zero = round((time.time() - time.monotonic()) * 1000)
    settings = SessionSettings(name, seed, wall_ms_at_zero, introductions=introductions)
    return Session(settings, vault.store, os.urandom, fresh_id)


def _view(options: Namespace, engine: Engine, out: OutputStream, *, is_plain: bool) -> View:
    is_on = wants_color(options.color, os.environ, is_terminal=is_terminal(STDOUT))
    palette = Palette(is_on=is_on, has_256=wants_256(os.environ))
    encoding = None if options.json else other_encoding()
    screen = out if encoding is None else InEncoding(out, encoding)
    if is_plain:
        return PipeMode(engine, screen.write, _to_stderr, palette, as_json=options.json, asks=is_terminal(STDIN))
    return LineMode(engine, screen, Terminal(STDIN, STDOUT), palette, _local_time, shows_codes=speaks_utf_8(os.environ))


def _local_time(milliseconds: int | None) -> datetime:
    local = datetime.now(UTC) if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)
    return local.astimezone()


# ---------------------------------------------------------------------------------------------- the key


def _seed(home: Home) -> bytes:
    """Return the seed of the home's key; on the first start, make one; in a locked home, ask for the passphrase."""
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


def _lock(options: Namespace) -> ExitStatus:
    if options.guest:
        raise UsageError("A guest has no home to lock. Pass --lock without --guest")
    if not is_terminal(STDIN):
        raise UsageError("--lock asks for the passphrase on a terminal. Nothing was changed")
    with Home(_directory(options)) as home:
        seed = _seed(home)
        passphrase = _asked("New passphrase (it is not shown; empty: none): ")
        if _asked("The same again: ") != passphrase:
            raise UsageError("The two passphrases differ. Nothing was changed")
        identity.lock(home, seed, passphrase)
        _say(f"{home.directory} is {'locked with the new passphrase' if passphrase else 'not locked any more'}")
    return ExitStatus.DONE


def _recover(options: Namespace) -> ExitStatus:
    if options.guest:
        raise UsageError("A guest has no key to recover. Pass --recover without --guest")
    with Home(_directory(options)) as home:
        done = identity.restore(home, seed_of(_read_code()))
        _say(f"Your key is {_RESTORED[done]}, in {home.directory}")
        _recover_name(home, options.name)
    return ExitStatus.DONE


def _recover_name(home: Home, name: str | None) -> None:
    """Note under which name the key is known, where it is said; else the server says it when the key connects."""
    if remembered_name(home) is not None:
        return
    if name is None:
        if is_terminal(STDIN):
            _say("The server tells your name when you connect")
        return
    if not is_name(name):
        raise UsageError(f"{NO_NAME}. Your key is back; pass your name with --name when you connect")
    remember_name(home, name)
    _say(f"You are {name} from the next start on; another name is chosen with --name")


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
    _say("A key was made for you; the names you take belong to it.")
    _say("Write down its recovery code; it is shown only now:")
    _to_stderr(f"\n    {' '.join(groups[:half])}\n    {' '.join(groups[half:])}\n\n".encode("ascii"))
    _say("Keep it private: with it, --recover brings the key back, anywhere.")
    if is_terminal(STDIN):
        _wait_for_enter(b"Press Enter when you have written it down: ")


def _wait_for_enter(question: bytes) -> None:
    """Return when a person has pressed Enter.  Raises UsageError where they gave up; no key was put in its place."""
    _to_stderr(question)
    try:
        os.read(STDIN, CODE_CHARS_MAX)
    except (OSError, KeyboardInterrupt) as error:
        raise UsageError("Stopped before the key was used. The next start makes another one") from error


def _directory(options: Namespace) -> Path:
    """Return the home.  Raises UsageError where there is none."""
    directory = directory_of(options.home, options.name)
    if directory is None:
        raise UsageError(
            "There is no home directory (HOME) to keep your key in. Name one with --home DIR, or add --guest"
        )
    return directory


def _known_servers(options: Namespace) -> KnownServers:
    return KnownServers(directory_of(options.home, options.name), may_forget=options.guest and options.pin is not None)


# ---------------------------------------------------------------------------------------------- words


def _failed(error: ReactorChatError | OSError) -> ExitStatus:
    if isinstance(error, OSError):  # no descriptor left, no memory
        _say(f"The system does not let the client run: {error.strerror or error}")
        return ExitStatus.FAILED
    _say(str(error))
    return next(status for kind, status in _STATUSES.items() if isinstance(error, kind))


def _say(text: str) -> None:
    _to_stderr(f"{PROGRAM}: {safe(text)}\n".encode())


def _to_stderr(text: bytes) -> None:
    """Write a text in UTF-8 to standard error; when nobody can read it there is nobody to tell."""
    encoding = other_encoding()
    with suppress(OSError):
        write_whole(STDERR, text if encoding is None else recoded(text, encoding))


if __name__ == "__main__":
    sys.exit(main())
