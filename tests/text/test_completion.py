"""What Tab proposes, place by place."""

import pytest

from reactor_chat.text import grammar
from reactor_chat.text.completion import completions, word_typed
from reactor_chat.text.grammar import OWN_COMMANDS
from reactor_chat.text.slash import SLASH_WORDS as SLASHES

PEOPLE = ["stefan", "Stella", "Ann", "Stella"]
GROUPS = ["team", "Lunch"]
COMMANDS = list(dict.fromkeys(row.words.split()[0] for row in (*grammar.COMMANDS, *OWN_COMMANDS) if row.key))
SECOND = ["set", "send", "add", "kick", "leave", "delete", "encrypt"]


@pytest.mark.parametrize(
    ("typed", "proposed"),
    [
        ("", []),
        ("  ", []),
        ("S", []),
        ("Ste", ["stefan", "Stella"]),
        ("hello st", ["stefan", "Stella"]),
        ("@Stella ask an", ["Ann"]),
        ("@group send team st", ["stefan", "Stella"]),
        ("te", []),
        ("/", [*SLASHES]),
        ("/m", ["/msg", "/me"]),
        ("/H", ["/history", "/help", "/held"]),
        ("／ms", ["/msg"]),
        ("/msg ", ["Ann", "stefan", "Stella"]),
        ("/msg @st", ["stefan", "Stella"]),
        ("/msg Stella ", []),
        ("/msg Stella an", ["Ann"]),
        ("/query Stella an", ["Ann"]),
        ("/join ", ["Lunch", "team"]),
        ("/join team ", []),
        ("/me st", ["stefan", "Stella"]),
        ("/quit ", []),
        ("/group s", ["set", "send"]),
        ("/kick team st", ["stefan", "Stella"]),
        ("／kick ", ["Lunch", "team"]),
        ("/foo st", ["stefan", "Stella"]),
        ("//foo st", ["stefan", "Stella"]),
        ("@", [*COMMANDS, "@Ann", "@stefan", "@Stella"]),
        ("  @H", ["@history", "@help", "@held"]),
        ("@gr", ["@group", "@grouplist"]),
        ("@a", ["@add", "@Ann"]),
        ("@STE", ["@stefan", "@Stella"]),
        ("@@", []),
        ("@@S", []),
        ("@Zed", []),
        ("@group ", SECOND),
        ("@group S", ["set", "send"]),
        ("@GROUP SEND ", ["Lunch", "team"]),
        ("@group send T", ["team"]),
        ("@group send team ", []),
        ("@group send team hi @s", ["@stefan", "@Stella"]),
        ("@group set team ", ["Ann", "stefan", "Stella"]),
        ("@group set team Ann,", ["stefan", "Stella"]),
        ("@group set Ann ", ["Ann", "stefan", "Stella"]),
        ("@group set team ann, ST", ["stefan", "Stella"]),
        ("@group set team Ann Stella s", ["stefan"]),
        ("@group bogus ", []),
        ("@group leave t", ["team"]),
        ("@group leave team ", []),
        ("@who l", ["Lunch"]),
        ("@add ", ["Lunch", "team"]),
        ("@add team st", ["stefan", "Stella"]),
        ("@kick team @st", ["stefan", "Stella"]),
        ("@kick team Ann ", []),
        ("@history ", ["@Ann", "@stefan", "@Stella", "Lunch", "team", "more", "before"]),
        ("@history b", ["before"]),
        ("@ignore st", ["stefan", "Stella"]),
        ("@history @a", ["@Ann"]),
        ("@history t", ["team"]),
        ("@history team 2", []),
        ("@names ", []),
        ("Hello @St", ["@stefan", "@Stella"]),
        ("Hello,@A", ["@Ann"]),
        ("Hello A", []),
        ("@Stella do you know @a", ["@Ann"]),
        ("@@x @a", ["@Ann"]),
        ("@verify st", ["stefan", "Stella"]),
        ("@contacts ", ["export", "import"]),
    ],
)
def test_completions(typed: str, proposed: list[str]) -> None:
    assert completions(typed, PEOPLE, GROUPS) == proposed


@pytest.mark.parametrize(
    ("typed", "word"),
    [("", ""), ("@gr", "@gr"), ("@group se", "se"), ("@add team a,b", "b"), ("a ", ""), ("a,", ""), ("a\nb", "b")],
)
def test_word_typed(typed: str, word: str) -> None:
    assert word_typed(typed) == word
