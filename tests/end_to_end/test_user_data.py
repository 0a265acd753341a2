"""Where data goes for users who have no home, or an odd one: nowhere, or where the system's rules say."""

import os
import pwd
from pathlib import Path

import pytest

from reactor_chat.user_data import user_config_directory, user_data_directory


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_a_home_and_what_xdg_says(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.setenv("HOME", str(tmp_path))
    usual = user_data_directory()
    assert usual is not None
    assert usual.is_relative_to(tmp_path)
    for nothing in ("", "relative/directory"):
        environment.setenv("XDG_DATA_HOME", nothing)
        assert user_data_directory() == usual
    environment.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    assert user_data_directory() == tmp_path / "xdg" / "reactor-chat"


def test_settings_are_kept_by_the_same_rules(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.setenv("HOME", str(tmp_path))
    usual = user_config_directory()
    assert usual is not None
    assert usual.is_relative_to(tmp_path)
    assert usual != user_data_directory()
    environment.setenv("XDG_CONFIG_HOME", "relative")
    assert user_config_directory() == usual
    environment.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    assert user_config_directory() == tmp_path / "xdg" / "reactor-chat"


@pytest.mark.parametrize("home", ["", "relative", ".", "~"])
def test_a_home_that_is_no_absolute_path_is_none(environment: pytest.MonkeyPatch, home: str) -> None:
    environment.setenv("HOME", home)
    assert user_data_directory() is None
    assert user_config_directory() is None


def test_without_home_the_systems_list_is_asked(environment: pytest.MonkeyPatch) -> None:
    try:
        home = pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        assert user_data_directory() is None
    else:
        assert str(user_data_directory()).startswith(home)


def test_a_user_who_is_in_no_list_has_no_place(environment: pytest.MonkeyPatch) -> None:
    def unknown(number: int) -> None:
        raise KeyError(number)

    environment.setattr(pwd, "getpwuid", unknown)
    assert user_data_directory() is None
