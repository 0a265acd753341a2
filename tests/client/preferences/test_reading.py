"""A file of settings is read, or one line says which setting is wrong and what it may be."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reactor_chat.client.commands.key_map import Bound
from reactor_chat.client.commands.keys import KeyAction
from reactor_chat.client.connecting.destination import Destination
from reactor_chat.client.osc.notifications import Form, form_of
from reactor_chat.client.preferences.reading import FILE_NAME, read_preferences, usual_file
from reactor_chat.client.preferences.table import NOTIFY, PREFERENCES, Preferences
from reactor_chat.client.preferences.values import ACCOUNTS_MAX, KEYWORD_CHARS_MAX, KEYWORDS_MAX, Account
from reactor_chat.errors import UsageError

ALL = """
theme = "light"
sidebar = false
mouse = false
bell = false
notify = "osc777"
keywords = [" deploy ", "lunch", "deploy"]
read_receipts = false

[keys]
"Alt-A" = "zoom"
"f5" = "next_unread"
"F6" = "none"
"ctrl-x ctrl-u" = "undo"

[[account]]
name = "Ann"
server = "chat.example"

[[account]]
name = "Ann"
server = "[::1]:7000"
home = "/home/ann/club"
"""


def write(directory: Path, text: str) -> str:
    path = directory / "settings.toml"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    return str(path)


def test_every_setting_can_be_set(tmp_path: Path) -> None:
    assert read_preferences(write(tmp_path, ALL)) == Preferences(
        theme="light",
        sidebar=False,
        mouse=False,
        bell=False,
        notify="osc777",
        keywords=("deploy", "lunch"),
        read_receipts=False,
        keys=(
            ("Alt-A", Bound(KeyAction.ZOOM)),
            ("F5", Bound(KeyAction.NEXT_UNREAD)),
            ("F6", None),
            ("Ctrl-X Ctrl-U", Bound(KeyAction.UNDO)),
        ),
        account=(
            Account("Ann", "chat.example", Destination("chat.example", 7667)),
            Account("Ann", "[::1]:7000", Destination("::1", 7000), Path("/home/ann/club")),
        ),
    )


def test_nothing_need_be_set(tmp_path: Path) -> None:
    assert read_preferences(write(tmp_path, "")) == Preferences()
    assert read_preferences(write(tmp_path, '\ufefftheme = "none"\r\n')).theme == "none"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('spell = "on"', "unknown name 'spell'. There are: theme, "),
        ("teme = 1", "unknown name 'teme'. Did you mean theme? There are: theme, sidebar, "),
        ("theme = 1", "theme: use dark, light or none, not 1"),
        ('theme = "blue"', "theme: use dark, light or none, not 'blue'"),
        ('notify = "on"', "notify: use auto, osc9, osc777, osc99 or off, not 'on'"),
        ("bell = 1", "bell: use true or false, not 1"),
        ('mouse = "no"', "mouse: use true or false, not 'no'"),
        ('keywords = "lunch"', 'keywords: use a list of words, such as ["deploy", "lunch"]'),
        ('keywords = ["a", " "]', "keywords: use a list of words"),
        (f"keywords = {[str(n) for n in range(KEYWORDS_MAX + 1)]}", f"keywords: at most {KEYWORDS_MAX} words"),
        (f'keywords = ["{"x" * (KEYWORD_CHARS_MAX + 1)}"]', f"keywords: at most {KEYWORDS_MAX} words"),
        ("keys = 1", "keys: use a table of keys and actions"),
        ('keys = {"Alt-A" = 1}', "keys: use a table of keys and actions"),
        ('keys = {"Alt" = "undo"}', "keys: Not a key: 'Alt' (write it like Alt-A"),
        ('keys = {"Ctrl-M" = "undo"}', "keys: Not a key of its own: Ctrl-M (terminals send Enter"),
        ('keys = {"F5" = "fly"}', "keys: F5: Not an action: 'fly'. There are: submit, "),
        ('keys = {"F5" = "undo", "f5" = "help"}', "keys: F5 is there twice"),
        ('account = {name = "Ann"}', "account: begin each with [[account]]"),
        ('[[account]]\nname = "Ann"', "account: server: use a text"),
        ('[[account]]\nserver = "x"', "account: name: use 1 to 32 of A-Z a-z 0-9 _"),
        ('[[account]]\nname = "A B"\nserver = "x"', "account: name: use 1 to 32"),
        ('[[account]]\nname = "Ann"\nserver = "x:0"', "account: Not a port: 0"),
        ('[[account]]\nname = "Ann"\nserver = "x"\nhome = "here"', "account: home: use an absolute path, not 'here'"),
        (
            '[[account]]\nname = "Ann"\nserver = "x"\nhome = "~nobody_at_all/x"',
            "account: home: '~nobody_at_all/x' leads",
        ),
        ('[[account]]\nname = "Ann"\nserver = "x"\nhome = "a\\u0000"', "account: home: use the path of a directory"),
        ('[[account]]\nname = "Ann"\nserver = "x"\nhoem = "/"', "account: unknown name 'hoem'. Did you mean home?"),
        ('[[account]]\nname = "Ann"\nserver = "x"\n' * 2, "account: the same name on the same server is there twice"),
        ('[[account]]\nname = "Ann"\nserver = "x"\n' * (ACCOUNTS_MAX + 1), f"account: at most {ACCOUNTS_MAX} of them"),
        ("theme = ", "this is not TOML: "),
    ],
)
def test_what_is_wrong_is_one_line_with_the_file_and_the_setting(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(UsageError) as told:
        read_preferences(write(tmp_path, text))
    assert str(told.value).startswith(f"{tmp_path / 'settings.toml'}: {why}")
    assert "\n" not in str(told.value)


def test_the_limits_are_allowed(tmp_path: Path) -> None:
    words = ["x" * KEYWORD_CHARS_MAX, *(str(n) for n in range(KEYWORDS_MAX - 1))]
    assert len(read_preferences(write(tmp_path, f"keywords = {words}")).keywords) == KEYWORDS_MAX
    rows = "".join(f'[[account]]\nname = "Ann"\nserver = "h{n}"\n' for n in range(ACCOUNTS_MAX))
    assert len(read_preferences(write(tmp_path, rows)).account) == ACCOUNTS_MAX


def test_the_usual_file_need_not_be_there_but_one_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert usual_file() == tmp_path / "config" / "reactor-chat" / FILE_NAME
    assert read_preferences() == Preferences()
    with pytest.raises(UsageError, match="there is no such file"):
        read_preferences(str(tmp_path / "none.toml"))
    (tmp_path / "config" / "reactor-chat").mkdir(parents=True)
    (tmp_path / "config" / "reactor-chat" / FILE_NAME).write_text('theme = "light"', "utf-8")
    assert read_preferences().theme == "light"


def test_who_has_no_home_has_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "nowhere")
    assert usual_file() is None
    assert read_preferences() == Preferences()


def test_every_field_has_its_row_and_every_default_is_one() -> None:
    assert tuple(row.name for row in PREFERENCES) == Preferences._fields
    for row in PREFERENCES:
        if row.default and row.default != "[]":
            told = {"true": True, "false": False}.get(row.default, row.default.strip('"'))
            assert row.read(told) == told == getattr(Preferences(), row.name)


def test_every_form_of_a_notification_can_be_chosen() -> None:
    assert {*NOTIFY} == {"auto", *(form.value for form in Form)}
    assert form_of({}, Preferences().notify) is Form.OFF


values = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
)


@given(st.sampled_from(PREFERENCES), values)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_any_value_is_read_or_told(row: object, value: object) -> None:
    read = getattr(row, "read", None)
    assert callable(read)
    try:
        read(value)
    except UsageError as error:
        line = str(error)
    else:
        line = ""
    assert "\n" not in line
