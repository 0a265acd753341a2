"""Two people at one machine: each has a home, and finds it again."""

from pathlib import Path

import pytest

from reactor_chat.client.store.home import Home, default_home
from reactor_chat.client.store.homes import choose_home, directory_of
from reactor_chat.errors import StorageBusy


@pytest.fixture(autouse=True)
def _account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))


def chosen(name: str | None) -> tuple[Path, list[str]]:
    said: list[str] = []
    directory = choose_home(name, said.append)
    assert directory is not None
    return directory, said


def usual_home() -> Path:
    directory = default_home()
    assert directory is not None
    return directory


def test_the_first_has_the_usual_home() -> None:
    assert chosen("John") == (default_home(), [])
    assert chosen(None) == (default_home(), [])


def test_somebody_else_has_a_home_of_their_own_and_has_it_again() -> None:
    with Home(usual_home(), "John"):
        directory, said = chosen("Stella")
        assert directory != default_home()
        assert said == [f"John uses the usual home, so Stella has one of their own: {directory}"]
        with Home(directory, "Stella"), pytest.raises(StorageBusy):
            chosen("STELLA")
    assert chosen("stella") == (directory, []), "her key is there, whoever is in"
    assert chosen("John") == (default_home(), [])
    assert directory_of(None, "STELLA") == directory
    assert directory_of("elsewhere", "Stella") == Path("elsewhere").absolute()


@pytest.mark.parametrize("name", ["John", "jOHN", None, "no name"])
def test_the_same_person_does_not_come_in_twice(name: str | None) -> None:
    with Home(usual_home(), "John"), pytest.raises(StorageBusy, match="in use by another client"):
        chosen(name)


def test_who_is_there_is_known_from_last_time_where_they_did_not_say() -> None:
    with Home(usual_home()) as home:
        with pytest.raises(StorageBusy):
            chosen("Stella")
        home.write("name", b"John\n")
        assert chosen("Stella")[0] != default_home()
        with pytest.raises(StorageBusy):
            chosen("john")
