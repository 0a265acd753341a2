"""The client's command: reads the options, opens the home, chooses the view, and runs."""

import os
import secrets
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

from reactor_chat.client.boundary import ExitStatus, Settings
from reactor_chat.client.commands.moments import read_moment
from reactor_chat.client.connecting.destination import read_destination
from reactor_chat.client.connecting.first_contact import FirstContact, Missed
from reactor_chat.client.connecting.naming import NO_NAME
from reactor_chat.client.connecting.server_key import ServerKey
from reactor_chat.client.engine import Engine
from reactor_chat.client.key_commands import lock, recover, seed_in
from reactor_chat.client.options import DEFAULT_PORT, read_options
from reactor_chat.client.preferences.table import Preferences
from reactor_chat.client.runner import Runner
from reactor_chat.client.screen.faces import Face, Wishes, chosen_face, local_time, view_of, wishes_of
from reactor_chat.client.sealing import OpenSession
from reactor_chat.client.standard_error import PROGRAM, say, write
from reactor_chat.client.store import identity
from reactor_chat.client.store.contact_files import ContactFiles
from reactor_chat.client.store.file_vault import FileVault, remembered_name
from reactor_chat.client.store.home import Home
from reactor_chat.client.store.homes import choose_home, directory_of
from reactor_chat.client.store.identity import KeyIdentity
from reactor_chat.client.store.ignore_file import IgnoreFile
from reactor_chat.client.store.known_servers import KnownServers, address_of
from reactor_chat.client.store.server_vaults import Chosen, ServerVaults
from reactor_chat.client.store.vault import MemoryVault, Vault
from reactor_chat.client.terminal.streams import OutputStream
from reactor_chat.client.terminal.tty import is_terminal, opened_again
from reactor_chat.e2ee.boundary import Settings as SessionSettings
from reactor_chat.e2ee.session import Session
from reactor_chat.errors import ReactorChatError, StorageBusy, StorageError, TrustError, UsageError
from reactor_chat.process_start import STDIN, STDOUT, program

SCROLLBACK = 20  # as many as fit on a common screen, so that a person sees where they left off
LINE_BYTES_MAX = 1_000  # a terminal gives one line at most, and "yes" is short
_STATUSES = {
    StorageBusy: ExitStatus.TRY_LATER,
    StorageError: ExitStatus.FAILED,
    TrustError: ExitStatus.REFUSED,
    UsageError: ExitStatus.USAGE,
}


class Belongings(NamedTuple):
    """What a person brings along; a guest brings nothing."""

    vault: FileVault | None = None
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
        return _with_key(options) if options.lock or options.recover else _talk(options)
    except (StorageError, TrustError, UsageError, OSError) as error:
        return _failed(error)


# ---------------------------------------------------------------------------------------------- talking


def _talk(options: Namespace) -> ExitStatus:
    interactive = is_terminal(STDIN)
    face = chosen_face(options, os.environ, on_terminal=interactive and is_terminal(STDOUT))
    # A program in a pipe does as it was told, whatever somebody prefers on a terminal.
    prefers = Preferences() if face is Face.PIPE and options.config is None else _preferences(options)
    wishes = wishes_of(face, options, prefers)
    _choose_home(options, interactive=interactive)
    server_key = _server_key(options)
    if options.guest and options.introductions:
        say(
            "A guest cannot check the key of whoever made the link. Connect without --guest to start verified with them"
        )
    with ExitStack() as stack:
        belongings = Belongings() if options.guest else _belongings(options, server_key, stack)
        if isinstance(belongings, Missed):
            return _missed(belongings)
        if options.name is None and belongings.name is not None:
            options.name = belongings.name
            say(f"You are {options.name}, as last time; another name is chosen with --name")
        elif options.name is None and belongings.key is not None and not belongings.is_key_new:
            options.name = ""  # the server knows which one the key owns
        settings = _settings(options, belongings, face, wishes, interactive=interactive)
        jitter = secrets.SystemRandom().random
        vault = belongings.vault if belongings.vault is not None else MemoryVault()
        engine = Engine(settings, jitter, vault, belongings.key, belongings.open_session)
        output = STDOUT if face is Face.PIPE else opened_again(STDOUT)
        if output != STDOUT:
            stack.callback(os.close, output)
        runner = Runner(engine, options.host, options.port, server_key, output, belongings.news)
        return _ended(runner.run(view_of(face, wishes, engine, runner.out, vault.archived), STDIN), runner.out)


def _settings(options: Namespace, belongings: Belongings, face: Face, wishes: Wishes, *, interactive: bool) -> Settings:
    return Settings(
        name=options.name,
        server=_server(options),
        interactive=interactive,
        id_prefix=secrets.token_hex(8),
        address=address_of(options.host, options.port),
        time_of_day=_local_time_of_day,
        files=ContactFiles(),
        invite=options.invite,
        tells_all=options.json,
        greets=interactive and face is not Face.SCREEN,
        moment=lambda typed: read_moment(typed, local_time(None)),
        ignored=belongings.ignored.names() if belongings.ignored is not None else (),
        keep_ignored=belongings.ignored.keep if belongings.ignored is not None else None,
        keys=wishes.keys.help_rows(),
        curious=face is not Face.PIPE,
        scrollback=SCROLLBACK if face in (Face.LINES, Face.ACCESSIBLE) else 0,
    )


def _preferences(options: Namespace) -> Preferences:
    from reactor_chat.client.preferences.reading import read_preferences  # noqa: PLC0415  8 ms; a pipe needs none

    return read_preferences(options.config)


def _choose_home(options: Namespace, *, interactive: bool) -> None:
    """Choose the home of who named none.  Raises UsageError where there is nobody to come in as."""
    if options.name == "":
        raise UsageError(f"{NO_NAME}. Use --name NAME")
    if options.name is None and not interactive:
        raise UsageError("No terminal to ask for a name. Use --name NAME")
    if options.home is None and not options.guest:
        chosen = choose_home(options.name, say)
        options.home = None if chosen is None else str(chosen)


def _ended(status: ExitStatus, out: OutputStream) -> ExitStatus:
    """Return how the process ends; what was lost because it could not be written is no success."""
    if out.failure is None:
        return status
    say(f"Standard output cannot be written: {out.failure.strerror}")
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
    say(f"{what}: anyone on the network path could pass for the server.")
    write(b'Type "yes" to connect all the same: ')
    if not _says_yes():
        raise TrustError("Not connected. Leave out --plaintext to have the key checked")


def _says_yes() -> bool:
    return _line_typed().lower() == "yes"


def _line_typed() -> str:
    """Return the line that a person types; an empty one where they do not."""
    try:
        return os.read(STDIN, LINE_BYTES_MAX).decode("utf-8", "replace").strip()  # a terminal gives one line
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
    seed = seed_in(home)
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
        say(missed.text)
    return missed.status


def _open_session(
    seed: bytes, introductions: tuple[tuple[str, bytes], ...], name: str, vault: Vault, fresh_id: Callable[[], str]
) -> Session:
    wall_ms_at_zero = round((time.time() - time.monotonic()) * 1000)
    settings = SessionSettings(name, seed, wall_ms_at_zero, introductions=introductions)
    return Session(settings, vault.store, os.urandom, fresh_id)


# ---------------------------------------------------------------------------------------------- the home


def _with_key(options: Namespace) -> ExitStatus:
    """Lock the key or bring it back."""
    if options.guest and options.lock:
        raise UsageError("A guest has no home to lock. Pass --lock without --guest")
    if options.guest:
        raise UsageError("A guest has no key to recover. Pass --recover without --guest")
    if options.lock and not is_terminal(STDIN):
        raise UsageError("--lock asks for the passphrase on a terminal. Nothing was changed")
    with Home(_directory(options)) as home:
        if options.lock:
            lock(home)
        else:
            recover(home, options.name)
    return ExitStatus.DONE


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
        say(f"The system does not let the client run: {error.strerror or error}")
        return ExitStatus.FAILED
    say(str(error))
    return next(status for kind, status in _STATUSES.items() if isinstance(error, kind))


if __name__ == "__main__":
    sys.exit(main())
