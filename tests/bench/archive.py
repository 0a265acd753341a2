"""Measures a client's archive of a million messages: search, its index, archiving, the file, and the start of a client.

    python -m tests.bench.archive [--messages N] [--directory DIR] [--encrypted]

The messages are of a language whose words are as common as those of any: about ten a message, of 300,000 by Zipf's
law.  Fifty people say them in fifty conversations, which are as unlike in size as people's are.  DIR is where the home
goes; it is kept there and used again by the next run, without DIR it is removed.  `--encrypted` also keeps of each
message what a session keeps of one that it opened.

Times of search and of archiving are processor time, the file's pages warm; the start is by the clock.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import accumulate
from pathlib import Path
from random import Random
from statistics import median

from reactor_chat.client.archive.contract import Found
from reactor_chat.client.store import identity
from reactor_chat.client.store.file_vault import FileVault
from reactor_chat.client.store.home import Home
from reactor_chat.client.store.server_vaults import ServerVaults
from reactor_chat.client.store.written import row_of
from reactor_chat.e2ee.store import Table
from reactor_chat.text.render import Annotation
from reactor_chat.wire.messages import GroupSaid, Said, Told
from tests.client.processes import Person, ServerProcess

WORDS = 300_000
CONVERSATIONS = 50
PEOPLE = 50
ME = "John"
QUERIES = 200
FIRST = 20  # results on a screen
BEGAN_MS = 1_700_000_000_000
SECONDS_BETWEEN = 30
TURN = 1_000  # messages archived in one turn while filling

_SYLLABLES = [one + vowel + end for one in "bdfghklmnprstvwz" for vowel in "aeiou" for end in ("", "n", "r", "s", "t")]


def show(text: str) -> None:
    print(text, flush=True)


# ------------------------------------------------------------------------------------------------------- a language


def word(rank: int) -> str:
    """Return the word of this rank: common ones are short, and many begin alike."""
    made, left = "", rank
    while True:
        left, which = divmod(left, len(_SYLLABLES))
        made += _SYLLABLES[which]
        if not left:
            return made
        left -= 1


class Talk:
    """What people say: words, people and conversations by how common they are."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self._words = list(accumulate(1 / (rank + 2.7) for rank in range(WORDS)))
        self._places = list(accumulate(1 / (rank + 1) for rank in range(CONVERSATIONS)))
        self._people = list(accumulate(1 / (rank + 2) for rank in range(PEOPLE)))

    def text(self) -> str:
        ranks = self.chance.choices(range(WORDS), cum_weights=self._words, k=self.chance.randint(3, 17))
        said = " ".join(map(word, ranks))
        return said if self.chance.random() > 0.02 else f"{said} https://example.org/{ranks[0]}"

    def notice(self, number: int) -> Said | Told | GroupSaid:
        at = BEGAN_MS + number * SECONDS_BETWEEN * 1_000
        (place,) = self.chance.choices(range(CONVERSATIONS), cum_weights=self._places)
        (who,) = self.chance.choices(range(PEOPLE), cum_weights=self._people)
        sender = ME if who == 3 else f"person{who}"
        if place == 0:
            return Said(number, at, sender, self.text())
        if place % 3:
            return GroupSaid(number, at, sender, f"group{place}", self.text())
        return Told(number, at, f"person{place}", ME, self.text())


def queries(chance: Random, messages: int) -> Iterator[tuple[str, str]]:
    """Yield kinds of queries, each with what is typed."""

    def common() -> str:
        return word(chance.randrange(3, 300))

    def middling() -> str:
        return word(chance.randrange(300, 5_000))

    for _ in range(QUERIES // 8):
        yield "rare word", f"{word(chance.randrange(20_000, WORDS))} "
        yield "common word", f"{common()} "
        yield "two common words", f"{common()} {common()} "
        yield "two middling words", f"{middling()} {middling()} "
        yield "beginning", word(chance.randrange(100, WORDS))[: chance.randint(1, 6)]
        yield "from: and word", f"from:person{chance.randrange(PEOPLE)} {middling()} "
        yield "in: and word", f"in:group{1 + 3 * chance.randrange(15)} {middling()} "
        at = BEGAN_MS + chance.randrange(messages) * SECONDS_BETWEEN * 1_000
        yield "before: and word", f"before:{at} {middling()} "


# ------------------------------------------------------------------------------------------------------- the archive


@contextmanager
def vault_in(directory: Path, port: int) -> Iterator[FileVault]:
    """Open the vault of a server at this port."""
    with Home(directory, ME) as home:
        seed = identity.load(home)
        if seed is None:
            seed = identity.stage_new(home)
            identity.publish(home)
        assert isinstance(seed, bytes)
        path = ServerVaults(home).of_address("127.0.0.1", port).path
        with closing(FileVault(path, home, identity.vault_secret(seed))) as vault:
            vault.choose(ME)
            yield vault


def fill(vault: FileVault, messages: int, *, is_encrypted: bool) -> None:
    """Archive so many messages, and index them; say what that costs."""
    talk, annotation, spent = Talk(1), Annotation("sealed"), 0.0
    for first in range(1, messages + 1, TURN):
        rows = [(number, row_of(talk.notice(number), annotation)) for number in range(first, first + TURN)]
        began = time.process_time()
        for number, row in rows:
            vault.archive(number, row)
            if is_encrypted:
                vault.store.put(Table.TRANSCRIPT, f"{number:016d}", row)
        vault.commit()
        spent += time.process_time() - began
        vault.printed(first + TURN - 1)
    show(f"archiving, {TURN} a turn: {spent / messages * 1e6:.1f} µs a message")
    steps = list(_index(vault))
    show(
        f"indexing: {sum(steps) / messages * 1e6:.1f} µs a message; a step {median(steps) * 1e3:.1f} ms, "
        f"p99 {_quantile(steps, 0.99) * 1e3:.1f} ms, longest {max(steps) * 1e3:.1f} ms"
    )


def _index(vault: FileVault) -> Iterator[float]:
    is_more = True
    while is_more:
        began = time.process_time()
        is_more = vault.archived.index_some()
        yield time.process_time() - began


def archiving(vault: FileVault, number: int, at_once: int, turns: int) -> None:
    """Say what it costs to archive some more in turns of so many."""
    talk, annotation, spent = Talk(number), Annotation("sealed"), list[float]()
    list(_index(vault))  # what a client goes through once a run
    for turn in range(turns):
        rows = [(one, row_of(talk.notice(one), annotation)) for one in range(number, number + at_once)]
        number += at_once
        began = time.process_time()
        for one, row in rows:
            vault.archive(one, row)
        vault.commit()
        spent.append(time.process_time() - began)
        vault.printed(turn)
    steps = list(_index(vault))
    show(
        f"archiving, {at_once} a turn: {median(spent) / at_once * 1e6:.0f} µs a message "
        f"(with its disk's syncs), and {sum(steps) / turns / at_once * 1e6:.0f} µs later for the index"
    )


# ------------------------------------------------------------------------------------------------------- searching


def searched(vault: FileVault, typed: str) -> tuple[float, float, int]:
    """Return the time to the first results and that of the longest step, in seconds, and how many there were."""
    found: list[Found] = []
    whole = longest = 0.0
    began = time.process_time()
    search = vault.archived.search(typed, int)
    while len(found) < FIRST:
        some = next(search, None)
        took = time.process_time() - began
        whole, longest, began = whole + took, max(longest, took), began + took
        if some is None:
            break
        found += some
    return whole, longest, len(found)


def search_all(vault: FileVault, messages: int) -> None:
    kinds: dict[str, list[tuple[float, float, int]]] = {}
    for kind, typed in queries(Random(7), messages):
        kinds.setdefault(kind, []).append(searched(vault, typed))
    for kind, rows in kinds.items():
        show(_line(kind, rows))
    show(_line("all", [row for rows in kinds.values() for row in rows]))


def _line(kind: str, rows: list[tuple[float, float, int]]) -> str:
    times = [whole for whole, _, _ in rows]
    return (
        f"  {kind:20} median {median(times) * 1e3:6.1f} ms   p95 {_quantile(times, 0.95) * 1e3:6.1f} ms   longest "
        f"{max(times) * 1e3:6.1f} ms   longest step {max(step for _, step, _ in rows) * 1e3:5.1f} ms   "
        f"results {sum(count for *_, count in rows) / len(rows):.0f}"
    )


def _quantile(values: list[float], part: float) -> float:
    return sorted(values)[min(int(len(values) * part), len(values) - 1)]


# ------------------------------------------------------------------------------------------------------- the start


def first_prompt(directory: Path, port: int) -> tuple[float, float, float]:
    """Start a client; return the seconds to its first prompt, those of the processor, and its memory then in MiB."""
    began = time.perf_counter()
    person = Person("127.0.0.1", port, "--home", str(directory), "--name", ME)
    try:
        person.until(">")
        took = time.perf_counter() - began
        status = Path(f"/proc/{person.process.pid}/status").read_text(encoding="utf-8")
        (peak,) = (int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
        ticks = Path(f"/proc/{person.process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[11:13]
        return took, sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK"), peak / 1024
    finally:
        person.press("@quit\r")
        person.process.wait(20)
        person.close()


def start_all(directory: Path) -> None:
    """Say how long a client takes to start, with an archive and without."""
    for what, home in (("an empty archive", directory / "empty"), ("this archive", directory / "full")):
        server = ServerProcess()
        try:
            _move(home, server.port)
            runs = [first_prompt(home, server.port) for _ in range(5)]
        finally:
            server.stop()
        seconds, processor = (min(run[which] for run in runs) for which in (0, 1))
        show(
            f"start with {what}: {seconds:.2f} s to the prompt, of these {processor:.2f} s of the processor, "
            f"{max(run[2] for run in runs):.0f} MiB"
        )


def _move(home: Path, port: int) -> None:
    """Give the vault the name that it has for a server at this port."""
    for path in list((home / "servers").glob("127.0.0.1_*.db*")):
        path.rename(path.with_name(f"127.0.0.1_{port}.db{path.name.partition('.db')[2]}"))


# ------------------------------------------------------------------------------------------------------- all of it


def main() -> int:
    """Make the archive, where it is not there yet, and measure it."""
    options = _options()
    with ExitStack() as stack:
        directory = options.directory
        if directory is None:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        directory.mkdir(parents=True, exist_ok=True)
        _measure(directory, options)
    return 0


def _measure(directory: Path, options: argparse.Namespace) -> None:
    full = directory / "full"
    if not full.exists():
        with vault_in(full, 1) as vault:
            fill(vault, options.messages, is_encrypted=options.encrypted)
    _move(full, 1)
    for path in sorted((full / "servers").iterdir()):
        show(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB")
    with vault_in(full, 1) as vault:
        typed = word(1_000)[:3]
        for what in (f"{word(5)} ", typed, typed):
            whole, longest, _ = searched(vault, what)
            show(f"first searches after a start: {what!r} {whole * 1e3:.1f} ms, longest step {longest * 1e3:.1f} ms")
        search_all(vault, options.messages)
    shutil.rmtree(directory / "empty", ignore_errors=True)
    start_all(directory)
    shutil.copytree(full, directory / "more", dirs_exist_ok=True)
    _move(directory / "more", 1)
    with vault_in(directory / "more", 1) as vault:
        archiving(vault, options.messages + 10_000, 1, 1_000)
        archiving(vault, options.messages + 20_000, 100, 100)
    shutil.rmtree(directory / "more")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--directory", type=Path)
    parser.add_argument("--encrypted", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
