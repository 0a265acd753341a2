"""The commands as one table, and everything that is only another look at it.

A row says what is typed, what follows, which request that becomes, and what a person gets.  The parser, its inverse,
completion, `@help`, the table in docs/using.md and the fuzzer's dictionary read the rows; none of them knows a command
of its own.  So a new command is a new row, and what is not in a row is `Invalid command. Use @help`.

What the client does itself, without asking a server, stands in a second table of the same form, OWN_COMMANDS.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from reactor_chat.text.orders import (
    ContactsExport,
    ContactsImport,
    EncryptAdd,
    EncryptClosed,
    EncryptGroup,
    EncryptOff,
    EncryptOn,
    EncryptPassphrase,
    EncryptRekey,
    EncryptRemove,
    EncryptReset,
    EncryptStatus,
    EncryptUser,
    Held,
    HeldDrop,
    HeldEdit,
    HeldSend,
    Help,
    HistoryBefore,
    HistoryMore,
    Ignore,
    Invite,
    Order,
    TrustAccept,
    TrustBlock,
    Unignore,
    Verify,
)
from reactor_chat.wire.messages import (
    HISTORY_LIMIT_DEFAULT,
    HISTORY_LIMIT_MAX,
    AskGroups,
    AskHelp,
    AskHistory,
    AskNames,
    AskSeen,
    AskWho,
    GroupAdd,
    GroupDelete,
    GroupKick,
    GroupLeave,
    GroupSend,
    GroupSet,
    Quit,
    Request,
    Say,
    Tell,
)

Kind = Literal[
    "group", "user", "users", "text", "conversation", "number", "person", "contact", "rest", "some users", "secret",
    "moment",
]  # fmt: skip
"""What an argument is: one word that names a group; one person, and nothing after; persons, separated by commas or
blanks; all the rest of the line; `@` and a person, or a group, or nothing; a number, or nothing; one person, and more
may follow; the same, or nothing; all the rest of the line, or nothing; persons, or nothing; `-` for a passphrase that
is asked for, or `off` for none; a time of day, a date, or both."""


class Argument(NamedTuple):
    """One thing that follows a command: the field of the request it fills, how usage shows it, and what it is."""

    field: str
    shown: str
    kind: Kind


class Command(NamedTuple):
    """One row: the words typed, what follows them, the request or order that becomes of it, and what it is for."""

    words: str
    arguments: tuple[Argument, ...]
    request: type[Request] | type[Order]
    summary: str

    @property
    def key(self) -> str:
        """The words that choose this row, lower case and without the `@`; empty for the rows that need no word."""
        return self.words.lstrip("@")

    @property
    def usage(self) -> str:
        """How it is typed, such as `@who <group>`; a bare `@` touches what follows it."""
        shown = " ".join(argument.shown for argument in self.arguments)
        return f"{self.words} {shown}".strip() if self.key else self.words + shown


_TEXT = Argument("text", "<message>", "text")
_TO = Argument("to", "<user>", "user")
_GROUP = Argument("group", "<group>", "group")
_MEMBERS = Argument("members", "<user1,user2,…>", "users")
_USERS = Argument("users", "<user1,user2,…>", "users")
_USER = Argument("user", "<user>", "user")
_NAME = Argument("name", "<user>", "user")
_CONVERSATION = Argument("with_", "[@<user>|<group>]", "conversation")
_NUMBER = Argument("limit", "[<number>]", "number")
_HISTORY = f"show the newest {HISTORY_LIMIT_DEFAULT} (at most {HISTORY_LIMIT_MAX}) messages"

COMMANDS = (
    Command("",              (_TEXT,),                  Say,         "say something to everyone"),
    Command("@",             (_TO, _TEXT),              Tell,        "say something to one person only"),
    Command("@names",        (),                        AskNames,    "show who is connected"),
    Command("@history",      (_CONVERSATION, _NUMBER),  AskHistory,  _HISTORY),
    Command("@group set",    (_GROUP, _MEMBERS),        GroupSet,    "create a group; you own it"),
    Command("@group send",   (_GROUP, _TEXT),           GroupSend,   "say something to a group"),
    Command("@group add",    (_GROUP, _USERS),          GroupAdd,    "add people to a group you own"),
    Command("@group kick",   (_GROUP, _USER),           GroupKick,   "remove somebody from a group you own"),
    Command("@group leave",  (_GROUP,),                 GroupLeave,  "leave a group"),
    Command("@group delete", (_GROUP,),                 GroupDelete, "delete a group you own"),
    Command("@grouplist",    (),                        AskGroups,   "show your groups"),
    Command("@seen",         (_NAME,),                  AskSeen,     "show when somebody was last here"),
    Command("@who",          (_GROUP,),                 AskWho,      "show who is in a group of yours"),
    Command("@add",          (_GROUP, _USERS),          GroupAdd,    "the same as @group add"),
    Command("@kick",         (_GROUP, _USER),           GroupKick,   "the same as @group kick"),
    Command("@@",            (_TEXT,),                  Say,         "say something that begins with @"),
    Command("@help",         (),                        AskHelp,     "show this list"),
    Command("@quit",         (),                        Quit,        "leave the chat"),
)  # fmt: skip
"""Every command, in the order of `@help`.  Source: PROTOCOL §8."""

_SOME_USERS = Argument("users", "[<user1,…>]", "some users")
_SECRET = Argument("passphrase", "-|off", "secret")
_WHERE = Argument("with_", "[<where>]", "conversation")
_ONE = Argument("number", "[<number>]", "number")
_PERSON = Argument("user", "<name>", "person")
_CONTACT = Argument("user", "[<name>", "contact")
_FILE = Argument("path", "<file>", "text")

OWN_COMMANDS = (
    Command("@encrypt on",     (Argument("passphrase", "[<passphrase>|-]", "rest"),), EncryptOn,
            "encrypt what you say to everyone"),
    Command("@encrypt on closed", (_SOME_USERS,), EncryptClosed, "the same, for those on your list only"),
    Command("@encrypt add",    (_USERS,),         EncryptAdd,    "put people on your closed room's list"),
    Command("@encrypt remove", (_USERS,),         EncryptRemove, "take people off it"),
    Command("@encrypt off",    (_CONVERSATION,),  EncryptOff,    "send it unencrypted again"),
    Command("@encrypt user",   (_PERSON,),        EncryptUser,   "encrypt your chat with somebody"),
    Command("@encrypt status", (_CONVERSATION,),  EncryptStatus, "show how it is encrypted, for whom"),
    Command("@encrypt rekey",  (_CONVERSATION,),  EncryptRekey,  "renew your own key"),
    Command("@encrypt reset",  (_CONVERSATION,),  EncryptReset,  "start over with new keys for everyone"),
    Command("@encrypt passphrase", (_SECRET, _WHERE), EncryptPassphrase,
            "start over with a new passphrase, or none"),
    Command("@group encrypt",  (_GROUP, _SOME_USERS), EncryptGroup,  "encrypt a group"),
    Command("@held",           (_ONE,),           Held,          "show what you typed and was not sent"),
    Command("@held send",      (_ONE,),           HeldSend,      "send it after all"),
    Command("@held edit",      (_ONE,),           HeldEdit,      "take a line back to change it"),
    Command("@held drop",      (_ONE,),           HeldDrop,      "forget it"),
    Command("@verify",         (_CONTACT, Argument("digits", "[<digits>]]", "rest")), Verify,
            "show, check or list safety numbers"),
    Command("@trust accept",   (_PERSON, Argument("digits", "[<digits>]", "rest")), TrustAccept,
            "accept somebody's new key"),
    Command("@trust block",    (_PERSON,),        TrustBlock,    "send nothing encrypted to somebody"),
    Command("@contacts export", (_FILE,),         ContactsExport, "write the keys you verified into a file"),
    Command("@contacts import", (_FILE,),         ContactsImport, "take the keys of such a file"),
    Command("@invite",         (),                Invite,        "make a link that starts people verified"),
    Command("@history more",   (),                HistoryMore,   "show the messages before those"),
    Command("@history before", (Argument("moment", "<time>", "moment"), _WHERE), HistoryBefore,
            "before 14:00, or 2026-11-26 14:00"),
    Command("@ignore",         (Argument("user", "[<name>]", "contact"),), Ignore,
            "hide what somebody says, or list whom"),
    Command("@unignore",       (_PERSON,),        Unignore,      "show it again"),
    Command("@help",           (Argument("topic", "<topic>", "text"),), Help, "show more about one topic"),
)  # fmt: skip
"""What the client does itself, in the order of its `@help`."""


class SlashCommand(NamedTuple):
    """One row: a command that people know from other chats, and what it is here.

    Attributes:
        word: after the slash, lower case.
        takes: how usage shows what follows it.
        kind: of the first thing that follows; None where nothing does.
        alone: the line that it stands for when nothing follows; None where something must.
        becomes: the line that it stands for, with `{}` for what follows; None where the view does it.
        summary: what it is for.
    """

    word: str
    takes: str
    kind: Kind | None
    alone: str | None
    becomes: str | None
    summary: str

    @property
    def usage(self) -> str:
        """How it is typed."""
        return f"/{self.word} {self.takes}".strip()


SLASH_COMMANDS = (
    SlashCommand("msg", "<user> <message>", "user", None, "@{}", "say something to one person only"),
    SlashCommand("query", "<user> [<message>]", "user", None, None, "open the chat with somebody"),
    SlashCommand("join", "<group>", "group", None, None, "open the chat of a group of yours"),
    SlashCommand("part", "[<group>]", "group", None, "@group leave {}", "leave a group; alone: close the chat"),
    SlashCommand("close", "", None, None, None, "close the chat that is open"),
    SlashCommand("me", "<message>", "text", None, "/me {}", "say what you do, such as /me waves"),
    SlashCommand("names", "[<group>]", "group", "@names", "@who {}", "show who is connected, or in a group"),
    SlashCommand("who", "[<group>]", "group", "@names", "@who {}", "the same as /names"),
    SlashCommand("whois", "<user>", "user", None, "@seen {}", "show when somebody was last here"),
    SlashCommand("list", "", None, "@grouplist", None, "show your groups"),
    SlashCommand("quit", "", None, "@quit", "@quit", "leave the chat"),
)
"""What people of other chats type, where it is not the `@` command of the same name: all those can have a slash too.

Only where a person types at a terminal: in a pipe a slash is text.
"""

BY_KEY = {command.key: command for command in COMMANDS if command.key}
"""A row by its words, such as `group set`."""

FAMILIES = {
    first: tuple(key.partition(" ")[2] for key in BY_KEY if key.startswith(f"{first} "))
    for first, _, second in (key.partition(" ") for key in BY_KEY)
    if second
}
"""The second words of every first word that needs one, in the order of the table: `group` and what follows it."""

OWN_BY_KEY = {command.key: command for command in OWN_COMMANDS}
"""A row of the client's own by its words, such as `encrypt on`."""

OWN_WORDS_MAX = max(key.count(" ") + 1 for key in OWN_BY_KEY)

OWN_FIRST_WORDS = frozenset(key.partition(" ")[0] for key in OWN_BY_KEY)


def usage_of(key: str) -> str:
    """Return how a command is typed.

    Args:
        key: the words of a row, or the first word of a family, lower case and without the `@`.

    Returns:
        One line, such as `@who <group>` or `@group set|send|…`; all the second words for a family.  A line each for
        the client's own that begin so.
    """
    if key in FAMILIES:
        return f"@{key} {'|'.join(FAMILIES[key])} …"
    if key in BY_KEY:
        return BY_KEY[key].usage
    return "\n".join(command.usage for own, command in OWN_BY_KEY.items() if own == key or own.startswith(f"{key} "))


def help_text(more: Iterable[tuple[str, str]] = ()) -> str:
    """Return what `@help` answers: every row's usage and summary, aligned, one a line.

    Args:
        more: usages and summaries that only the caller knows (a client's own commands); they stand at the end.

    Returns:
        Lines of at most 80 columns as long as `more` keeps to that, without a final line break.

    Source: PROTOCOL §3 (`help`), §8.
    """
    rows = [(command.usage, command.summary) for command in COMMANDS] + list(more)
    width = max(len(usage) for usage, _ in rows)
    return "\n".join(f"{usage:<{width}}  {summary}" for usage, summary in rows)


def markdown_table() -> str:
    """Return the table of docs/using.md, one row a command, without a final line break."""
    # A bar ends a cell even inside code, unless it is escaped.
    cells = [(command.usage.replace("|", "\\|"), command.summary) for command in (*COMMANDS, *OWN_COMMANDS)]
    rows = [f"| `{usage}` | {summary} |" for usage, summary in cells]
    return "\n".join(["| typed | what it does |", "|---|---|", *rows])


def slash_rows() -> list[tuple[str, str]]:
    """Return how everything with a slash is typed, and what it is for."""
    rows = [(row.usage, row.summary) for row in SLASH_COMMANDS]
    return [*rows, ("/<word> …", "the same as @<word> …"), ("//<message>", "say something that begins with /")]


def slash_table() -> str:
    """Return the table of docs/using.md with what can be typed with a slash, without a final line break."""
    rows = [f"| `{usage}` | {summary} |" for usage, summary in slash_rows()]
    return "\n".join(["| typed | what it does |", "|---|---|", *rows])


def fuzz_dictionary() -> list[str]:
    """Return the words and signs a line of input may be made of, sorted: what a fuzzer should try to combine."""
    words = {word for command in (*COMMANDS, *OWN_COMMANDS) for word in command.words.split()}
    return sorted(words | {key for seconds in FAMILIES.values() for key in seconds} | {"@", "@@", ",", " ", "\n", "20"})
