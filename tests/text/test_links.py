"""What in a line is a link, and what belongs to the sentence around it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.text.links import URI_CHARS_MAX, Link, is_uri, links


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see https://example.org/log/77", ["https://example.org/log/77"]),
        ("http://a.b and https://c.d:8080/e?f=g#h", ["http://a.b", "https://c.d:8080/e?f=g#h"]),
        ("mail mailto:ann+x@example.org, please", ["mailto:ann+x@example.org"]),
        ("chat://chat.example:7667/#SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
         ["chat://chat.example:7667/#SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="]),
        ("http://[::1]:7667/x http://[::1]", ["http://[::1]:7667/x", "http://[::1]"]),
        ("HTTPS://EXAMPLE.ORG/X", ["HTTPS://EXAMPLE.ORG/X"]),
        # what belongs to the sentence
        ("is it https://x.org/a?", ["https://x.org/a"]),
        ("https://x.org/a, https://x.org/b; https://x.org/c.", ["https://x.org/a", "https://x.org/b", "https://x.org/c"]),
        ("(see https://x.org/a)", ["https://x.org/a"]),
        ("(see https://x.org/Soup_(dish))", ["https://x.org/Soup_(dish)"]),
        ("https://x.org/Soup_(dish), and", ["https://x.org/Soup_(dish)"]),
        ("<https://x.org/a>", ["https://x.org/a"]),
        ("»https://x.org/a«…", ["https://x.org/a%C2%AB"]),
        ("\"https://x.org/a\" 'https://x.org/b'", ["https://x.org/a", "https://x.org/b"]),
        ("[text](https://x.org/a)", ["https://x.org/a"]),
        ("https://x.org/a...", ["https://x.org/a"]),
        ("https://x.org/~john/", ["https://x.org/~john/"]),
        # other alphabets
        ("https://x.org/Käse%20b", ["https://x.org/K%C3%A4se%20b"]),
    ],
)  # fmt: skip
def test_links_are_found(text: str, found: list[str]) -> None:
    assert [link.uri for link in links(text)] == found


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "hello",
            "https://",
            "http:/x",
            "ftp://x.org",
            "javascript:alert(1)",
            "xhttps://x.org",
            "mailto:ann",
            "://x",
        ),
        *("https://exämple.org/", "https://x.ä/", "https://bank.example@evil.example/", "https://ann:1@evil.example"),
        *("https://x.org:123456/", "mailto:ann@exämple.org", "http://[::1"),
    ],
)
def test_anything_else_is_text(text: str) -> None:
    assert links(text) == []


def test_a_link_has_its_place_in_the_text() -> None:
    text = "see https://x.org/a."
    assert links(text) == [Link(4, 19, "https://x.org/a")]
    assert text[4:19] == "https://x.org/a"


def test_a_link_is_as_long_as_terminals_take() -> None:
    begin = "https://x.org/"
    assert links(begin + "x" * (URI_CHARS_MAX - len(begin)))
    assert not links(begin + "x" * (URI_CHARS_MAX - len(begin) + 1))


SOME = [*"/a ( ) [ ] . ä % @".split(" "), " ", "https://", "x.org", "mailto:", "\x1b]", "\x07", "\ud800"]
pieces = st.lists(st.sampled_from(SOME))


@given(st.text() | pieces.map("".join))
def test_whatever_the_text_a_link_is_printable_and_in_its_place(text: str) -> None:
    end = 0
    for link in links(text):
        assert end <= link.begin < link.end <= len(text)
        end = link.end
        assert is_uri(link.uri)
        assert link.uri.isascii()
        assert link.uri.isprintable()
        assert " " not in link.uri
