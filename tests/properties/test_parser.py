"""The parser is total, and `format_request` is its inverse, over everything that can be typed or asked."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.text.completion import completions, word_typed
from reactor_chat.text.grammar import BY_KEY, COMMANDS, OWN_BY_KEY, OWN_FIRST_WORDS, Command, fuzz_dictionary
from reactor_chat.text.opening import is_blank, split_opening
from reactor_chat.text.parser import INVALID_COMMAND, ONLY_IN_A_CLIENT, format_request, parse, parse_typed
from reactor_chat.wire.messages import (
    HISTORY_LIMIT_MAX,
    RESERVED_WORDS,
    Refused,
    Request,
    Say,
    Tell,
    fold,
)

anything = st.text(st.characters(codec=None))
pieces = st.one_of(st.sampled_from(fuzz_dictionary()), st.sampled_from(["Ann", "\t", "200", "201", "\u3000"]), anything)
typed_lines = st.one_of(anything, anything.map("@".__add__), st.lists(pieces, max_size=12).map("".join))

names = st.from_regex(r"[A-Za-z0-9_]{1,32}", fullmatch=True)
people = names.filter(lambda name: fold(name) not in RESERVED_WORDS)
groups = names
texts = anything.map(str.strip).filter(bool)
lists = st.lists(names, min_size=1, max_size=5)
limits = st.integers(1, HISTORY_LIMIT_MAX)
NOTHING_ELSE = {"id": st.none(), "sealed": st.none(), "before": st.none()}
DRAWN = {"group": groups, "user": names, "users": lists, "text": texts, "number": limits}


def drawn(row: Command) -> st.SearchStrategy[Any]:
    """Return a strategy for whatever a row of the table can become."""
    kind = row.request
    fields = {argument.field: DRAWN[argument.kind] for argument in row.arguments if argument.kind != "conversation"}
    beside = {name: none for name, none in NOTHING_ELSE.items() if name in kind.__struct_fields__}
    if all(argument.kind != "conversation" for argument in row.arguments):
        return st.builds(kind, **fields, **beside)
    with_person = st.builds(kind, with_=names, group=st.none(), **fields, **beside)
    return with_person | st.builds(kind, with_=st.none(), group=groups | st.none(), **fields, **beside)


requests: st.SearchStrategy[Request] = st.one_of(
    anything.filter(lambda text: not is_blank(text)).map(Say),
    st.builds(Tell, to=people, text=texts, sealed=st.none(), id=st.none()),
    *(drawn(row) for row in COMMANDS if row.key),
)


@given(typed_lines, st.none() | st.just("7"))
def test_any_line_is_a_request_or_one_of_two_refusals(typed: str, request_id: str | None) -> None:
    request = parse(typed, request_id)
    if not isinstance(request, Refused):
        assert request.id == request_id
        return
    assert request.re == request_id
    assert request.code == ("bad_text" if is_blank(typed) else "invalid_command")
    if request.code == "invalid_command":
        first, *advice = request.text.split("\n")
        assert split_opening(typed)[1].startswith("@")
        assert first == INVALID_COMMAND
        assert all(line.startswith(("Usage: @", "Did you mean @")) or line == ONLY_IN_A_CLIENT for line in advice)
        assert len(advice) <= 1


@given(st.sampled_from(sorted(OWN_BY_KEY.keys() | OWN_FIRST_WORDS)), anything)
def test_a_command_of_the_client_typed_wrongly_is_answered_with_its_usage(words: str, rest: str) -> None:
    asked = parse_typed(f"@{words} {rest}")
    if isinstance(asked, Refused):
        assert asked.text.startswith(f"{INVALID_COMMAND}\nUsage: @{words}")


@given(typed_lines)
def test_what_was_parsed_can_be_written_and_parsed_again(typed: str) -> None:
    request = parse(typed)
    if not isinstance(request, Refused):
        assert parse(format_request(request)) == request


@given(requests)
def test_what_can_be_asked_can_be_typed(request_: Request) -> None:
    assert parse(format_request(request_)) == request_


@given(requests, st.sampled_from(["", " ", "\t", "\n "]), st.sampled_from(["", " ", "\n"]))
def test_blanks_around_a_command_do_not_count(request_: Request, before: str, after: str) -> None:
    typed = format_request(request_)
    if typed.lstrip().startswith("@") and not isinstance(request_, Say):
        assert parse(before + typed + after) == request_


@given(st.sampled_from(sorted(BY_KEY)), st.data())
def test_the_case_of_a_command_does_not_count(key: str, data: st.DataObject) -> None:
    odd = "".join(data.draw(st.sampled_from([letter.lower(), letter.upper()])) for letter in key)
    assert parse(f"@{odd} Team Ann") == parse(f"@{key} Team Ann")


@given(typed_lines, st.lists(names, max_size=4), st.lists(names, max_size=4))
def test_every_proposal_goes_on_as_the_word_began(typed: str, people_: list[str], groups_: list[str]) -> None:
    word = fold(word_typed(typed))
    assert typed.endswith(word_typed(typed))
    for proposed in completions(typed, people_, groups_):
        assert fold(proposed).startswith((word, word.lstrip("@")))
        assert proposed.lstrip("@") in [*people_, *groups_, *" ".join([*BY_KEY, *OWN_BY_KEY]).split()]
