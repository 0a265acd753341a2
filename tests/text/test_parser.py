"""What people type, line by line: every row of PROTOCOL §8, and what is nearly one."""

import pytest

from reactor_chat.text import orders, parser
from reactor_chat.text.grammar import BY_KEY, OWN_BY_KEY, OWN_FIRST_WORDS, help_text
from reactor_chat.text.nearness import nearest
from reactor_chat.text.parser import (
    INVALID_COMMAND,
    ONLY_IN_A_CLIENT,
    first_word,
    format_request,
    parse,
    parse_typed,
)
from reactor_chat.wire.messages import (
    RESERVED_WORDS,
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
    Line,
    Login,
    Ping,
    Quit,
    Refused,
    Request,
    Say,
    Tell,
)

PROTOCOL_ROWS: list[tuple[str, Request]] = [
    ("Hello everyone!", Say("Hello everyone!")),
    ("@Stella Are you free next Tuesday?", Tell("Stella", "Are you free next Tuesday?")),
    ("@quit", Quit()),
    ("@names", AskNames()),
    ("@help", AskHelp()),
    ("@grouplist", AskGroups()),
    ("@who team", AskWho("team")),
    ("@seen Stella", AskSeen("Stella")),
    ("@history", AskHistory()),
    ("@history 20", AskHistory(20)),
    ("@history @Stella", AskHistory(with_="Stella")),
    ("@history team 20", AskHistory(20, group="team")),
    ("@group set team Ann,Bob", GroupSet("team", ["Ann", "Bob"])),
    ("@group send team Hi there", GroupSend("team", "Hi there")),
    ("@group leave team", GroupLeave("team")),
    ("@group delete team", GroupDelete("team")),
    ("@add team Ann", GroupAdd("team", ["Ann"])),
    ("@group add team Ann,Bob", GroupAdd("team", ["Ann", "Bob"])),
    ("@kick team Ann", GroupKick("team", "Ann")),
    ("@group kick team Ann", GroupKick("team", "Ann")),
    ("@@text", Say("@text")),
]

SPELLINGS: list[tuple[str, Request | Refused]] = [
    ("  @Names  ", AskNames()),
    ("@NAMES\n", AskNames()),
    ("\t@qUIT", Quit()),
    ("@GROUP\tKick g1 spc", GroupKick("g1", "spc")),
    ("@WHO Team", AskWho("Team")),
    ("@who bad-name", AskWho("bad-name")),
    ("@group set g a,b c,, d", GroupSet("g", ["a", "b", "c", "d"])),
    ("@group set g ,a , a,", GroupSet("g", ["a", "a"])),
    ("@group who x", Refused("invalid_command", f"{INVALID_COMMAND}\nUsage: @group set|send|add|kick|leave|delete …")),
    ("@add g a, b", GroupAdd("g", ["a", "b"])),
    ("@kick g Bob,", GroupKick("g", "Bob")),
    ("@group send team  two  blanks ", GroupSend("team", "two  blanks")),
    ("@group send team one\ntwo", GroupSend("team", "one\ntwo")),
    ("@group\nsend\nteam\none\ntwo\n", GroupSend("team", "one\ntwo")),
    ("@Stella\nfirst\n  second", Tell("Stella", "first\n  second")),
    (" @STELLA hi ", Tell("STELLA", "hi")),
    ("@Stella @names", Tell("Stella", "@names")),
    ("@Stella @@x", Tell("Stella", "@@x")),
    ("@history 1", AskHistory(1)),
    ("@history 200", AskHistory(200)),
    ("@history 0020", AskHistory(20)),
    ("@history 50", AskHistory()),
    ("@history team", AskHistory(group="team")),
    ("@history 7 20", AskHistory(20, group="7")),
    ("@history @7", AskHistory(with_="7")),
    ("@history @Stella 20", AskHistory(20, with_="Stella")),
    ("@history ٢٠", AskHistory(group="٢٠")),
    ("  plain  words ", Say("  plain  words ")),
    ("a @names", Say("a @names")),
    ("one\n@names", Say("one\n@names")),
    ("@@names is a command", Say("@names is a command")),
    ("@@@ ", Say("@@ ")),
    ("@@", Say("@")),
    ("  @@x ", Say("  @x ")),
    ("@@ ", Say("@ ")),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "request_"), [*PROTOCOL_ROWS, *SPELLINGS])
def test_parse(typed: str, request_: Request | Refused) -> None:
    assert parse(typed) == request_


@pytest.mark.parametrize(("typed", "request_"), PROTOCOL_ROWS)
def test_the_id_is_handed_on(typed: str, request_: Request) -> None:
    assert getattr(parse(typed, "7"), "id", None) == "7"


@pytest.mark.parametrize("typed", ["", " ", "\t\n", "\u3000"])
def test_a_blank_line_is_bad_text(typed: str) -> None:
    refused = parse(typed, "7")
    assert isinstance(refused, Refused)
    assert (refused.code, refused.re) == ("bad_text", "7")


@pytest.mark.parametrize(
    "typed",
    [
        "@", " @ ", "@ hello", "@ names", "@frobnicate", "@Stella", "@Stella \n", "@dash-ed hi", "@Zoë hi",
        "@Stella, hi", "@" + "x" * 33 + " hi", "@\ud800 hi", "@x@y hi", "@.", "@\u212aick team Ann",
    ],
)  # fmt: skip
def test_what_is_neither_a_command_nor_a_private_message(typed: str) -> None:
    assert parse(typed, "7") == Refused("invalid_command", INVALID_COMMAND, "7")


@pytest.mark.parametrize("word", sorted(RESERVED_WORDS - {key.split()[0] for key in BY_KEY} - OWN_FIRST_WORDS))
def test_reserved_words_are_nobody(word: str) -> None:
    assert parse(f"@{word.title()} hi") == Refused("invalid_command", INVALID_COMMAND)


@pytest.mark.parametrize(
    ("typed", "usage"),
    [
        ("@names extra words", "@names"),
        ("@quit now", "@quit"),
        ("@who", "@who <group>"),
        ("@who my team", "@who <group>"),
        ("@add x", "@add <group> <user1,user2,…>"),
        ("@add x ,", "@add <group> <user1,user2,…>"),
        ("@kick team", "@kick <group> <user>"),
        ("@kick team a b", "@kick <group> <user>"),
        ("@kick team a,b", "@kick <group> <user>"),
        ("@group", "@group set|send|add|kick|leave|delete …"),
        ("@group frob x", "@group set|send|add|kick|leave|delete …"),
        ("@group \u212aick team Ann", "@group set|send|add|kick|leave|delete …"),
        ("@group set team", "@group set <group> <user1,user2,…>"),
        ("@GROUP Send x", "@group send <group> <message>"),
        ("@group leave", "@group leave <group>"),
        ("@group delete a b", "@group delete <group>"),
        *(
            ("@history " + wrong, "@history [@<user>|<group>] [<number>]")
            for wrong in (
                "0",
                "000",
                "201",
                "team 0",
                "team 201",
                "@",
                "@ 20",
                "20 @Ann",
                "team x",
                "a b 3",
                "9" * 5000,
                "team -1",
            )
        ),
    ],
)
def test_wrong_arguments_are_answered_with_the_usage(typed: str, usage: str) -> None:
    assert parse(typed, "7") == Refused("invalid_command", f"{INVALID_COMMAND}\nUsage: {usage}", "7")


@pytest.mark.parametrize(
    ("request_", "typed"),
    [
        (Say("hi"), "hi"),
        (Say("@names"), "@@names"),
        (Say("\n @x"), "\n @@x"),
        (Tell("Stella", "Hi"), "@Stella Hi"),
        (GroupAdd("team", ["Ann", "Bob"]), "@group add team Ann,Bob"),
        (AskHistory(), "@history"),
        (AskHistory(20), "@history 20"),
        (AskHistory(with_="Ann"), "@history @Ann"),
        (AskHistory(20, group="team"), "@history team 20"),
        (AskHistory(group="7"), "@history 7 50"),
    ],
)
def test_format_request(request_: Request, typed: str) -> None:
    assert format_request(request_) == typed


@pytest.mark.parametrize(("_", "request_"), PROTOCOL_ROWS)
def test_format_request_knows_every_row_and_keeps_no_id(_: str, request_: Request) -> None:
    typed = format_request(
        type(request_)(**{f: getattr(request_, f) for f in request_.__struct_fields__} | {"id": "7"})
    )
    assert parse(typed) == request_


@pytest.mark.parametrize(
    "request_",
    [
        Login("John", 1),
        Line("@names"),
        Ping(),
        Say(sealed={}),
        Tell("Ann", sealed={}),
        GroupSend("team", sealed={}),
        AskHistory(before=5),
        Say(""),
        Say(" \n"),
        Tell("names", "x"),
        Tell("Ann", " x"),
        Tell("Ann Bob", "x"),
        GroupSet("team", []),
        GroupSet("team", ["a,b"]),
        GroupKick("", "a"),
        AskWho("a b"),
        AskHistory(group="@x"),
        AskHistory(with_=""),
        AskHistory(201),
    ],
)
def test_format_request_refuses_what_no_line_asks_for(request_: Request) -> None:
    with pytest.raises(ValueError, match=f"for this {type(request_).__name__}$"):
        format_request(request_)


def test_first_word() -> None:
    assert first_word("send  team hi ") == ("send", "team hi")
    assert first_word("alone") == ("alone", "")
    assert first_word(" x") == ("", "x")
    assert first_word("") == ("", "")


def test_the_core_finds_here_all_it_may_import() -> None:
    assert parser.nearest is nearest
    assert parser.help_text is help_text


# -------------------------------------------------------------------------------------- what only a client can do

ORDERS = [
    ("@encrypt on", orders.EncryptOn()),
    ("@Encrypt ON correct horse  battery", orders.EncryptOn("correct horse  battery")),
    ("@encrypt on -", orders.EncryptOn("-")),
    (" @encrypt off ", orders.EncryptOff()),
    ("@encrypt off @Stella", orders.EncryptOff("Stella")),
    ("@encrypt off team", orders.EncryptOff(group="team")),
    ("@encrypt user Stella", orders.EncryptUser("Stella")),
    ("@encrypt status", orders.EncryptStatus()),
    ("@encrypt status @Stella", orders.EncryptStatus("Stella")),
    ("@encrypt rekey", orders.EncryptRekey()),
    ("@encrypt reset team", orders.EncryptReset(group="team")),
    ("@encrypt on closed", orders.EncryptClosed()),
    ("@Encrypt On CLOSED Ann, Bob", orders.EncryptClosed(["Ann", "Bob"])),
    ("@encrypt add Stella", orders.EncryptAdd(["Stella"])),
    ("@encrypt remove Stella,Peter", orders.EncryptRemove(["Stella", "Peter"])),
    ("@encrypt passphrase -", orders.EncryptPassphrase("-")),
    ("@encrypt passphrase OFF @Stella", orders.EncryptPassphrase("off", "Stella")),
    ("@group encrypt team Ann Bob", orders.EncryptGroup("team", ["Ann", "Bob"])),
    ("@held", orders.Held()),
    ("@held 2", orders.Held(2)),
    ("@held send", orders.HeldSend()),
    ("@held send 2", orders.HeldSend(2)),
    ("@held edit 2", orders.HeldEdit(2)),
    ("@held drop", orders.HeldDrop()),
    ("@group encrypt team", orders.EncryptGroup("team")),
    ("@GROUP Encrypt team", orders.EncryptGroup("team")),
    ("@verify Stella", orders.Verify("Stella")),
    ("@verify", orders.Verify()),
    ("@verify Stella 12345 67890", orders.Verify("Stella", "12345 67890")),
    ("@trust accept Stella", orders.TrustAccept("Stella")),
    ("@trust accept Stella babab dudad", orders.TrustAccept("Stella", "babab dudad")),
    ("@contacts export  my friends.json", orders.ContactsExport("my friends.json")),
    ("@Contacts import ~/x", orders.ContactsImport("~/x")),
    ("@invite", orders.Invite()),
    ("@trust block Stella", orders.TrustBlock("Stella")),
    ("@history more", orders.HistoryMore()),
    ("@History Before 14:00", orders.HistoryBefore("14:00")),
    ("@history before 2026-11-26", orders.HistoryBefore("2026-11-26")),
    ("@history before 2026-11-26  9:05 @Stella", orders.HistoryBefore("2026-11-26 9:05", "Stella")),
    ("@history before 14:00 team", orders.HistoryBefore("14:00", group="team")),
    ("@ignore", orders.Ignore()),
    ("@IGNORE Stella", orders.Ignore("Stella")),
    ("@unignore Stella", orders.Unignore("Stella")),
    ("@help keys", orders.Help("keys")),
]
NOT_ORDERS = [
    ("@encrypt", "@encrypt on [<passphrase>|-]"), ("@encrypt frob", "@encrypt on [<passphrase>|-]"),
    ("@encrypt user", "@encrypt user <name>"), ("@encrypt off a b", "@encrypt off [@<user>|<group>]"),
    ("@encrypt passphrase", "@encrypt passphrase -|off [<where>]"), ("@held 2 3", "@held [<number>]"),
    ("@encrypt passphrase correct horse", "@encrypt passphrase -|off [<where>]"),
    ("@held send x", "@held send [<number>]"),
    ("@contacts", "@contacts export <file>"), ("@trust Stella", "@trust accept <name>"),
    ("@contacts export", "@contacts export <file>"), ("@invite Stella", "@invite"),
    ("@ignore Ann Bob", "@ignore [<name>]"), ("@unignore", "@unignore <name>"),
    ("@group encrypt", "@group encrypt <group>"), ("@encrypt \u212a", "@encrypt on [<passphrase>|-]"),
    ("@history before yesterday", "@history before <time>"), ("@history more please", "@history more"),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "order"), ORDERS)
def test_what_a_client_does_itself(typed: str, order: object) -> None:
    assert parse_typed(typed, "7") == order


@pytest.mark.parametrize(("typed", "usage"), NOT_ORDERS)
def test_what_is_nearly_that_is_told_how_it_is_typed(typed: str, usage: str) -> None:
    refused = parse_typed(typed, "7")
    assert isinstance(refused, Refused)
    assert (refused.code, refused.re) == ("invalid_command", "7")
    assert refused.text.startswith(f"{INVALID_COMMAND}\nUsage: {usage}")


@pytest.mark.parametrize("typed", [typed for typed, _ in [*ORDERS, *NOT_ORDERS]])
def test_a_server_says_where_that_is_done(typed: str) -> None:
    assert parse(typed, "7") == Refused("invalid_command", f"{INVALID_COMMAND}\n{ONLY_IN_A_CLIENT}", "7")


@pytest.mark.parametrize(
    ("typed", "request_typed"),
    [
        ("@help", AskHelp()),
        ("@history more 5", AskHistory(5, group="more")),
        ("@history before 5", AskHistory(5, group="before")),
        ("@history 5", AskHistory(5)),
        ("@history", AskHistory()),
    ],
)
def test_what_only_begins_like_an_order_asks_the_server(typed: str, request_typed: object) -> None:
    assert parse_typed(typed) == parse(typed) == request_typed


def test_every_order_has_its_row_and_no_passphrase_shows() -> None:
    assert {type(order) for _, order in ORDERS} == {command.request for command in OWN_BY_KEY.values()}
    assert "horse" not in repr(orders.EncryptOn("horse"))


@pytest.mark.parametrize("row", PROTOCOL_ROWS)
def test_whatever_a_server_understands_a_client_passes_on(row: tuple[str, Request]) -> None:
    assert parse_typed(row[0]) == row[1]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("@nmaes", "@names"), ("＠nmaes", "@names"), ("@Histroy", "@history"), ("@gruop", "@group"), ("@hel", "@help")],
)
def test_a_mistyped_command_gets_a_suggestion(typed: str, meant: str) -> None:
    assert parse(typed, "7") == Refused("invalid_command", f"{INVALID_COMMAND}\nDid you mean {meant}?", "7")


def test_only_a_client_suggests_what_only_a_client_does() -> None:
    assert parse("@verfy") == Refused("invalid_command", INVALID_COMMAND)
    assert parse_typed("@verfy") == Refused("invalid_command", f"{INVALID_COMMAND}\nDid you mean @verify?")


@pytest.mark.parametrize("typed", ["@Stella", "@x", "@nmaes x"])
def test_a_name_or_a_message_gets_none(typed: str) -> None:
    assert "Did you mean" not in str(parse(typed))
