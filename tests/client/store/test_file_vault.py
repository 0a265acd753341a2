"""The vault on disk: it remembers exactly what was committed, whatever happens, and is never silently begun anew."""

import resource
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reactor_chat.client.store.file_vault import FileVault, remembered_name
from reactor_chat.client.store.home import Home
from reactor_chat.client.store.vault import Archived, Vault
from reactor_chat.errors import StorageCorrupt, StorageError, StorageFull
from reactor_chat.wire.codec import encode
from reactor_chat.wire.messages import Say, Seen
from tests.client.toy import said

SECRET = bytes(range(32))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with Home(tmp_path / "h") as made:
        yield made


@contextmanager
def opened(home: Home, name: str = "Ann") -> Iterator[FileVault]:
    with closing(FileVault(home.vaults() / "here_1.db", home, SECRET)) as vault:
        vault.choose(name)
        yield vault


def say(number: int) -> Say:
    return Say(f"line {number}", id=str(number))


def payload(seq: int) -> bytes:
    return encode(said(seq))


def test_everything_committed_is_there_again(home: Home) -> None:
    with opened(home) as vault:
        assert (vault.cursor(), vault.kept(), vault.unprinted(), vault.tail(9)) == (None, [], [], [])
        for number in range(3):
            vault.keep(say(number))
        vault.drop("1")
        vault.drop("unheard of")
        places = [vault.archive(seq, payload(seq)) for seq in (5, 7)]
        vault.welcomed("Ann")
        vault.commit()
        vault.printed(places[0])
    with opened(home, "ANN") as vault:
        assert vault.cursor() == 7
        assert vault.kept() == [say(0), say(2)]
        assert vault.tail(9) == [Archived(places[0], payload(5))]
        assert vault.unprinted() == [Archived(places[1], payload(7))]
    assert remembered_name(home) == "Ann"


def test_what_was_not_committed_never_happened(home: Home) -> None:
    with opened(home) as vault:
        vault.keep(say(0))
        vault.commit()
        vault.keep(say(1))
        vault.drop("0")
        vault.archive(9, payload(9))
    with opened(home) as vault:
        assert (vault.cursor(), vault.kept(), vault.unprinted()) == (None, [say(0)], [])


def test_each_name_has_its_own(home: Home) -> None:
    with opened(home) as vault:
        vault.keep(say(0))
        vault.printed(vault.archive(5, payload(5)))
        vault.choose("Bob")
        assert (vault.cursor(), vault.kept(), vault.tail(9), vault.unprinted()) == (None, [], [], [])
        vault.printed(vault.archive(6, payload(6)))
        vault.archive(7, payload(7))
        vault.choose("ann")
        assert (vault.cursor(), len(vault.kept()), len(vault.tail(9)), len(vault.unprinted())) == (5, 1, 1, 0)
        vault.choose("bob")
        assert (vault.cursor(), len(vault.kept()), len(vault.tail(9)), len(vault.unprinted())) == (7, 0, 1, 1)


def test_the_tail_is_the_newest_of_what_was_printed(home: Home) -> None:
    with opened(home) as vault:
        places = [vault.archive(seq, payload(seq)) for seq in range(1, 10)]
        vault.commit()
        vault.printed(places[6])
        assert [place for place, _ in vault.tail(3)] == places[4:7]
        assert [place for place, _ in vault.unprinted()] == places[7:]
        assert vault.tail(0) == []


# ---------------------------------------------------------------------------------------------------- a dull model


steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["keep", "drop", "archive", "printed", "name"]), st.integers(0, 5)),
        st.tuples(st.sampled_from(["commit", "close", "kill"]), st.just(0)),
    ),
    max_size=40,
)


class Dull:
    """What a vault should hold: what was committed, and what is gathered."""

    def __init__(self) -> None:
        self.kept: dict[str, list[str]] = {"0": [], "1": []}
        self.seqs: dict[str, list[int]] = {"0": [], "1": []}

    def copy(self) -> "Dull":
        made = Dull()
        made.kept = {name: [*ids] for name, ids in self.kept.items()}
        made.seqs = {name: [*seqs] for name, seqs in self.seqs.items()}
        return made


@settings(max_examples=40, deadline=None)
@given(steps)
def test_it_is_what_a_simple_model_is(tmp_path_factory: pytest.TempPathFactory, script: list[tuple[str, int]]) -> None:  # noqa: C901  one branch for each kind of step
    now, safe, name, fresh = Dull(), Dull(), "0", 0
    printed: dict[str, int] = {"0": 0, "1": 0}  # how many of the name's notices
    with Home(tmp_path_factory.mktemp("t") / "h") as home:
        vault = FileVault(home.vaults() / "here_1.db", home, SECRET)
        vault.choose(name)
        for step, number in script:
            match step:
                case "keep":
                    fresh += 1
                    vault.keep(say(fresh))
                    now.kept[name].append(str(fresh))
                case "drop":
                    for request_id in now.kept[name][number : number + 1]:
                        vault.drop(request_id)
                        now.kept[name].remove(request_id)
                case "archive":
                    fresh += 1
                    vault.archive(fresh, payload(fresh))
                    now.seqs[name].append(fresh)
                case "printed":
                    vault.commit()
                    safe = now.copy()
                    waiting = vault.unprinted()[: number + 1]
                    if waiting:
                        vault.printed(waiting[-1].place)
                        printed[name] += len(waiting)
                        vault.choose(name)
                case _:
                    if step == "kill":
                        now = safe.copy()
                    else:
                        vault.commit()
                        safe = now.copy()
                    if step != "commit":
                        vault._database.close()
                        vault._mark.close()
                        vault._row_keys.close()
                        vault = FileVault(home.vaults() / "here_1.db", home, SECRET)
                        name = str(number % 2) if step == "name" else name
                        vault.choose(name)
            if step == "name":
                vault.commit()
                safe, name = now.copy(), str(number % 2)
                vault.choose(name)
            seqs = now.seqs[name]
            assert vault.cursor() == (seqs[-1] if seqs else None)
        vault.commit()
        assert [request.id for request in vault.kept()] == now.kept[name]
        assert [p for _, p in vault.tail(10**6)] == [payload(seq) for seq in now.seqs[name][: printed[name]]]
        assert [p for _, p in vault.unprinted()] == [payload(seq) for seq in now.seqs[name][printed[name] :]]
        vault.close()


# ---------------------------------------------------------------------------------------------------- failures


class Faulty:
    """A database whose n-th statement fails."""

    def __init__(self, database: sqlite3.Connection, statements_max: int) -> None:
        self._database = database
        self._left = statements_max

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        self._left -= 1
        if self._left == 0:
            raise sqlite3.OperationalError("disk I/O error")
        return self._database.execute(*arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)


def turns(vault: Vault) -> Iterator[int]:
    """Several turns of a client; yields how many are committed."""
    for turn in range(1, 4):
        vault.keep(say(turn))
        vault.drop(str(turn - 1))
        vault.archive(2 * turn, payload(2 * turn))
        vault.archive(2 * turn + 1, payload(2 * turn + 1))
        vault.commit()
        yield turn


def test_a_failure_at_every_statement_leaves_whole_turns(home: Home) -> None:
    for statements in range(1, 30):
        with Home(home.directory / f"h{statements}") as place:
            done = 0
            with opened(place) as vault:
                vars(vault)["_database"] = Faulty(vault._database, statements)
                try:
                    for turn in turns(vault):
                        done = turn
                except StorageError:
                    with pytest.raises(StorageError):
                        vault.commit()
            with opened(place) as vault:
                assert vault.cursor() == (2 * done + 1 if done else None)
                assert vault.kept() == ([say(done)] if done else [])
                assert [p for _, p in vault.unprinted()] == [payload(seq) for seq in range(2, 2 * done + 2)]
            if done == 3:
                break
    assert statements > 15


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """The kernel's own full disk: writing beyond this fails."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_where_there_is_no_space_nothing_is_half_kept(home: Home) -> None:
    with opened(home) as vault:
        vault.keep(say(0))
        vault.commit()
        number = 0
        with no_file_longer_than(100_000), pytest.raises(StorageError, match=r"here_1\.db"):  # noqa: PT012  which one?
            while number := number + 1:
                vault.keep(say(number))
                vault.commit()
    with opened(home) as vault:
        assert [request.id for request in vault.kept()] == [str(i) for i in range(number)]


def test_a_full_database_is_told_as_that(home: Home) -> None:
    with opened(home) as vault:
        vault._database.execute("PRAGMA max_page_count = 10")
        with pytest.raises(StorageFull, match="No space left"):  # noqa: PT012  which one?
            for seq in range(1, 1_000):
                vault.archive(seq, payload(seq))
                vault.commit()
    with opened(home) as vault:
        assert vault.cursor() == seq - 1
        assert len(vault.unprinted()) == seq - 1


def filled(home: Home) -> Path:
    with opened(home) as vault:
        for turn in turns(vault):
            assert turn
    return home.vaults() / "here_1.db"


@pytest.mark.parametrize("size", [0, 1, 50, 100, 4_096, 9_000])
def test_a_file_that_was_cut_off_is_named_and_left(home: Home, size: int) -> None:
    path = filled(home)
    data = path.read_bytes()[:size]
    path.write_bytes(data)
    with pytest.raises(StorageCorrupt, match=r"here_1\.db"), opened(home):
        pass
    assert path.read_bytes() == data


def test_foreign_files_are_named_and_left(home: Home) -> None:
    path = home.vaults() / "here_1.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE recipes (x)")
    path.chmod(0o600)
    for data in (path.read_bytes(), b"my diary\n" * 100):
        path.write_bytes(data)
        with pytest.raises(StorageCorrupt, match="not a reactor-chat archive"), opened(home):
            pass
        assert path.read_bytes() == data


def test_a_newer_one_is_left(home: Home) -> None:
    path = filled(home)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 5")
    with pytest.raises(StorageError, match="format 5"), opened(home):
        pass


def test_one_that_is_gone_without_its_wal_is_not_begun_anew(home: Home) -> None:
    path = filled(home)
    path.rename(path.with_name(path.name + "-wal"))
    with pytest.raises(StorageCorrupt, match="-wal"), opened(home):
        pass
    assert not path.exists()


def test_every_flipped_byte_is_found_or_harmless(home: Home) -> None:
    path = filled(home)
    with opened(home) as vault:
        whole = (vault.cursor(), vault.kept(), vault.unprinted(), vault.tail(9))
    data = path.read_bytes()
    found = 0
    for place in [*range(0, 120, 3), *range(120, len(data), 211)]:
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :])
        try:
            with opened(home) as vault:
                assert vault.kept() == whole[1], place
                assert vault.unprinted() == whole[2], place
        except StorageError:
            found += 1
    assert found > 10


def test_a_request_that_was_altered_is_never_sent(home: Home) -> None:
    path = filled(home)
    with closing(sqlite3.connect(path)) as database, database:
        changed = database.execute("UPDATE outbox SET request = CAST(substr(request, 1, 30) || x'00' AS BLOB)")
        assert changed.rowcount > 0
    with opened(home) as vault, pytest.raises(StorageError, match="is not what was kept"):
        vault.kept()


def test_the_logs_of_each_name_are_there_again_newest_first(home: Home) -> None:
    with opened(home) as vault:
        vault.begin_log("a", 5)
        vault.archive(6, payload(6))
        vault.begin_log("b", 4)
        vault.archive(9, payload(9))
        vault.begin_log("b", 9)
        vault.commit()
        assert vault.newest(1) == [Archived(2, payload(9))]
        vault.begin_log("lost with the process", 9)
    with opened(home) as vault:
        assert vault.seen() == [Seen("b", 9), Seen("a", 6)]
        assert [one.place for one in vault.newest(9)] == [2, 1]
        vault.choose("Bob")
        assert vault.seen() == []
        for number in range(40):
            vault.begin_log(f"{number}", number)
        vault.commit()
    with opened(home, "Bob") as vault:
        assert vault.seen() == [Seen(f"{number}", number) for number in range(39, 7, -1)]
