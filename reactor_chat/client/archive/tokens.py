"""Blind tokens: what the index has in the place of words, so that a locked home gives away none.

A token is the beginning of an HMAC of what it stands for, under a key of the vault and of whose archive it is.  Who has
the file but not the key learns how often tokens are there and where together, not what they are.

A message has one for each of its words, for each two neighbouring characters of a script without blanks, for who said
it, for where, and for a link in it.  Two things may have the same token (once in 2^64); and an expression asks for less
than the query does: for all words, not for their order.  So what it finds is looked at (see `matching`).
"""

import hmac
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

from reactor_chat.client.archive.contract import Entry
from reactor_chat.client.archive.matching import has_link
from reactor_chat.client.archive.query import Side, Term
from reactor_chat.client.archive.words import units_of, words_of
from reactor_chat.wire.conversation import Conversation, Heard
from reactor_chat.wire.messages import fold

TOKEN_BYTES = 8
WORD_CHARS_MAX = 64
"""The index goes by so many characters of a word; what follows is compared when a message is looked at."""

ASKED_MAX = 64
"""So many tokens FTS5 is asked to intersect, and so many to unite; it has limits of its own, some hundreds."""


class BlindTokens:
    """The tokens of one name's archive.

    Args:
        secret: of the vault, 32 bytes.
        name: whose archive, folded.
    """

    def __init__(self, secret: bytes, name: str) -> None:
        self._key = hmac.digest(secret, f"reactor-chat: tokens of an archive, format 1: {name}".encode(), "sha256")
        self._of_senders: dict[str, str] = {}
        self._of_conversations: dict[Conversation, str] = {}

    def of_word(self, word: str) -> str:
        """Return the token of a folded word."""
        return self._token("word", word[:WORD_CHARS_MAX])

    def of_pair(self, one: str, other: str) -> str:
        """Return the token of two neighbouring characters of a script without blanks."""
        return self._token("pair", one + other)

    def of_sender(self, name: str) -> str:
        """Return the token of what somebody said; the name is folded."""
        token = self._of_senders.get(name)
        if token is None:
            token = self._of_senders[name] = self._token("from", name)
        return token

    def of_conversation(self, conversation: Conversation) -> str:
        """Return the token of what was said in a conversation."""
        token = self._of_conversations.get(conversation)
        if token is None:
            token = self._of_conversations[conversation] = self._token("in", conversation.key)
        return token

    def of_links(self) -> str:
        """Return the token of what has a link in it."""
        return self._token("has", "link")

    def of_entry(self, entry: Entry, of_word: Callable[[str], str]) -> set[str]:
        """Return all tokens of an entry; none, where it is nothing that was said.

        Args:
            entry: of this archive.
            of_word: what `of_word` does, perhaps quicker.
        """
        notice = entry.notice
        if not isinstance(notice, Heard):
            return set()
        text = notice.text or ""
        tokens = set(map(of_word, words_of(text)))
        if not text.isascii():
            pairs = pairwise(units_of(text))
            tokens.update(self.of_pair(a.text, b.text) for a, b in pairs if a.is_sign and b.is_sign)
        if has_link(text):
            tokens.add(self.of_links())
        tokens.add(self.of_sender(fold(notice.sender)))
        tokens.add(self.of_conversation(entry.conversation))
        return tokens

    def expression(self, wanted: Side) -> str:
        """Return what FTS5 is asked for: what every message has that is wanted; empty, where it could be any.

        The last word of a term that may go on is left out; see `vocabulary`.
        """
        groups = [[token] for term in wanted.terms for token in self._of_term(term)]
        groups += [[self.of_sender(name) for name in wanted.senders]] if wanted.senders else []
        groups += [[self.of_conversation(one) for one in wanted.conversations]] if wanted.conversations else []
        groups += [[self.of_links()]] if wanted.has_link else []
        asked = [group for group in groups if len(group) <= ASKED_MAX][:ASKED_MAX]  # which names too much, if anything
        return " AND ".join(any_of(group) for group in asked)

    def _of_term(self, term: Term) -> Iterator[str]:
        """Yield the tokens that a text with the term must have."""
        pairs: Sequence[tuple[tuple[str, bool], tuple[str, bool]]]
        pairs = list(pairwise(zip(term.units, term.are_signs, strict=True)))
        yield from (self.of_pair(one, other) for (one, is_sign), (other, is_too) in pairs if is_sign and is_too)
        is_open = term.is_beginning and not term.are_signs[-1]
        yield from (self.of_word(word) for word in term.units[: len(term.units) - is_open])

    def _token(self, kind: str, what: str) -> str:
        return hmac.digest(self._key, f"{kind}:{what}".encode("utf-8", "surrogatepass"), "sha256")[:TOKEN_BYTES].hex()


def any_of(tokens: Iterable[str]) -> str:
    """Return the expression that asks FTS5 for any of some tokens."""
    return "(" + " OR ".join(f'"{token}"' for token in sorted(tokens)) + ")"
