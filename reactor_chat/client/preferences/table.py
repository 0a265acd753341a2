"""What can stand in `client.toml`, as one table: what is read, its default, and the table in docs/using.md."""

from collections.abc import Callable
from typing import Any, NamedTuple

from reactor_chat.client.preferences.values import (
    Account,
    OwnKeys,
    one_of,
    read_accounts,
    read_keys,
    read_keywords,
    read_switch,
)

THEMES = ("dark", "light", "none")
NOTIFY = ("auto", "osc9", "osc777", "osc99", "off")


class Preferences(NamedTuple):
    """What a person prefers; each field is one row of `PREFERENCES`."""

    theme: str = "dark"
    sidebar: bool = True
    mouse: bool = True
    bell: bool = True
    notify: str = "auto"
    keywords: tuple[str, ...] = ()
    read_receipts: bool = True
    keys: OwnKeys = ()
    account: tuple[Account, ...] = ()


class Preference(NamedTuple):
    """One row: its name, how it is read, how its values are written, how the default is, and what it is for."""

    name: str
    read: Callable[[Any], Any]
    values: str
    default: str
    help: str


PREFERENCES = (
    Preference("theme", one_of(*THEMES), '"dark"|"light"|"none"', '"dark"', "colours for a dark or a light terminal"),
    Preference("sidebar", read_switch, "true|false", "true", "show the list of chats, where there is room for it"),
    Preference("mouse", read_switch, "true|false", "true", "use the mouse; with Shift, the terminal selects text"),
    Preference(
        "bell", read_switch, "true|false", "true", "ring for a private message or a mention while you look elsewhere"
    ),
    Preference(
        "notify", one_of(*NOTIFY), "|".join(f'"{word}"' for word in NOTIFY), '"auto"',
        "show a notification then, in the form that your terminal knows; in tmux, set allow-passthrough on",
    ),
    Preference("keywords", read_keywords, '["word", …]', "[]", "words that count as a mention of you"),
    Preference(
        "read_receipts", read_switch, "true|false", "true",
        "let the server know how far you have read, for your other devices",
    ),
    Preference("keys", read_keys, '[keys] "Alt-A" = "next_unread"', "", 'what a key does; "none" for nothing'),
    Preference(
        "account", read_accounts, '[[account]] name = "Ann", server = "chat.example"', "",
        "a server to connect to, and where its key and archive are kept (home); as many as you like",
    ),
)  # fmt: skip


def markdown_table() -> str:
    """Return the table of docs/using.md, without a final line break."""
    # A bar ends a cell even inside code, unless it is escaped.
    values = [row.values.replace("|", "\\|") for row in PREFERENCES]
    defaults = [f"`{row.default}`" if row.default else "" for row in PREFERENCES]
    cells = zip(PREFERENCES, values, defaults, strict=True)
    rows = [f"| `{row.name}` | `{value}` | {default} | {row.help} |" for row, value, default in cells]
    return "\n".join(["| setting | values | default | what for |", "|---|---|---|---|", *rows])
