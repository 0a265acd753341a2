"""The tables of tags agree with the classes, and the classes with the protocol's page."""

from collections.abc import Mapping
from typing import get_args

import msgspec
import pytest
from msgspec import Struct, structs

from reactor_chat.wire import messages as m
from tests.wire.examples import NOTICES_, REQUESTS_

Table = Mapping[str, type[Struct]]

TABLES = [(m.REQUESTS, m.Request, REQUESTS_), (m.NOTICES, m.Notice, NOTICES_)]


def tag_of(type_: type[Struct]) -> object:
    return type_.__struct_config__.tag


@pytest.mark.parametrize(("table", "union", "examples"), TABLES, ids=["requests", "notices"])
def test_a_table_holds_every_type_of_its_union_by_its_tag(table: Table, union: object, examples: list[Struct]) -> None:
    assert {tag_of(type_): type_ for type_ in get_args(union)} == table
    assert {type(example) for example in examples} == set(table.values()), "an example of every message"


@pytest.mark.parametrize(("table", "union", "examples"), TABLES, ids=["requests", "notices"])
def test_every_message_is_a_value_that_leaves_defaults_out(table: Table, union: object, examples: list[Struct]) -> None:
    for type_ in table.values():
        config = type_.__struct_config__
        assert (config.frozen, config.omit_defaults, config.tag_field) == (True, True, "type"), type_


def test_every_request_may_have_an_id_and_its_answer_names_it() -> None:
    assert all(structs.fields(type_)[-1].name == "id" for type_ in m.REQUESTS.values())
    answers: list[type[m.Notice]] = [
        m.KeysAnswer,
        m.SealsAnswer,
        m.BlobAnswer,
        m.NamesAnswer,
        m.GroupsAnswer,
        m.MembersAnswer,
        m.HistoryAnswer,
        m.HelpAnswer,
        m.ReadMarksAnswer,
        m.Pong,
        m.Refused,
    ]
    assert all(any(field.name == "re" for field in structs.fields(type_)) for type_ in [*answers, m.Accepted])


def test_everything_with_a_number_has_a_time() -> None:
    spoken = (m.Said, m.Told, m.GroupSaid, m.Joined, m.Exited, m.GroupChanged)
    for type_ in (*spoken, m.SealCreated, m.SealCommitted, m.SealAsked, m.SealEnded):
        assert [field.name for field in structs.fields(type_)][:2] == ["seq", "at"]


@pytest.mark.parametrize("word", ["a", "Z9_", "a" * 32, "_", "0"])
def test_names(word: str) -> None:
    assert m.is_name(word)


@pytest.mark.parametrize("word", ["", "a" * 33, "a b", "a-b", "é", "a\n", "\na", "@a", "a\0", "\uff41", "\u212a"])
def test_no_names(word: str) -> None:
    assert not m.is_name(word)


def test_reserved_words_are_names_in_lower_case() -> None:
    assert all(m.is_name(word) and m.fold(word) == word for word in m.RESERVED_WORDS)


def test_folding_is_what_makes_two_spellings_one_name() -> None:
    assert m.fold("JoHN_9") == m.fold("jOhn_9") == "john_9"
    assert m.fold("\u212aim") == "\u212aim", "a Kelvin sign is in no name, whatever its lower case is"


def test_a_client_reckons_with_so_many_members_whatever_is_claimed() -> None:
    """An older server claims nothing; a hostile one claims anything."""
    assert msgspec.convert({"frame_bytes_max": 1, "text_bytes_max": 1}, m.Limits).sealed_members_believed == 256
    for claimed, believed in ((-1, 2), (2, 2), (300, 300), (1_000, 1_000), (1_001, 1_000), (2**60, 1_000)):
        assert m.Limits(1, 1, claimed).sealed_members_believed == believed


def test_the_numbers_of_the_protocols_page() -> None:
    numbers = (m.PROTOCOL_VERSION, m.HISTORY_LIMIT_DEFAULT, m.HISTORY_LIMIT_MAX, m.NAME_CHARS_MAX)
    assert numbers == (1, 50, 200, 32)
