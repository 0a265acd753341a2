"""The help fits a terminal of 24 rows and 80 columns, page by page, and no command is missing from all of them."""

import pytest

from reactor_chat.client.commands.key_map import KeyMap
from reactor_chat.client.commands.keys import ViewKind
from reactor_chat.text.grammar import COMMANDS, OWN_COMMANDS, SLASH_COMMANDS
from reactor_chat.text.help_topics import KEYS, SLASH, no_page, overview, page, topics

BOUND = KeyMap(ViewKind.LINE).help_rows()


@pytest.mark.parametrize("has_key", [True, False])
def test_every_page_fits_with_a_headline_and_a_prompt(*, has_key: bool) -> None:
    pages = [overview(has_key=has_key), *(page(topic, BOUND, has_key=has_key) for topic in topics(has_key=has_key))]
    for text in pages:
        assert text is not None
        assert len(text.split("\n")) + 2 <= 24
        assert max(map(len, text.split("\n"))) <= 80


def test_every_command_is_somewhere_and_every_topic_is_named() -> None:
    named = topics(has_key=True)
    everything = "\n".join([overview(has_key=True), *(page(topic, BOUND, has_key=True) or "" for topic in named)])
    assert all(f"{row.usage}  " in everything for row in (*COMMANDS, *OWN_COMMANDS) if row.key != "help")
    assert "more" not in named, "a command has no topic: add its first word to one in help_topics._WORDS"
    assert all(topic in overview(has_key=True) for topic in named)
    assert KEYS in named


def test_a_guest_is_offered_nothing_that_needs_a_key() -> None:
    assert not {"encryption", "held", "trust"} & set(topics(has_key=False))
    assert page("encryption", BOUND, has_key=False) is None


@pytest.mark.parametrize("asked", ["keys", " KEYS ", "Keys"])
def test_the_keys_are_those_of_the_keyboard(asked: str) -> None:
    assert (page(asked, [("Enter", "send the line")], has_key=True)) == "Enter  send the line"


def test_what_has_a_slash_has_a_page() -> None:
    shown = page(SLASH, BOUND, has_key=False) or ""
    assert all(f"/{row.word}" in shown for row in SLASH_COMMANDS)
    assert "//<message>" in shown


def test_a_command_has_its_own_page() -> None:
    assert page("@KICK", BOUND, has_key=True) == "@kick <group> <user>  the same as @group kick"
    assert (page("trust", BOUND, has_key=True) or "").count("\n") > 3, "a topic counts more than a command"
    assert (page("@history before", BOUND, has_key=True) or "").startswith("@history before <time>")


def test_what_is_nearly_a_topic_is_suggested() -> None:
    assert "Did you mean @help keys?" in no_page("kyes", has_key=True)
    assert "Did you mean" not in no_page("quux", has_key=True)
    assert "Topics: keys, slash, groups" in no_page("quux", has_key=True)
