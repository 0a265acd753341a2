"""Who finds a home and has not its key learns no word of what was said, nor with whom."""

from pathlib import Path

import pytest

from reactor_chat.client.archive.tables import BLOCK
from reactor_chat.client.store.file_vault import FileVault
from reactor_chat.client.store.home import Home
from reactor_chat.client.store.written import row_of
from reactor_chat.errors import StorageError
from reactor_chat.wire.conversation import Conversation
from reactor_chat.wire.messages import GroupSaid, Said, Told
from tests.client.archive.scribe import index_all, opened, path_in, texts

WORDS = (
    "pomegranate",
    "Quetzalcoatl",
    "ÜBERRASCHUNG",
    "日本語学校",
    "https://hidden.example",
    "wilhelmina",
    "Wilhelmina",
)
GROUP, DRAFT = "conspirators", "unfinished business"


def everything_in(home: Home) -> bytes:
    """The bytes of every file of the home, small letters and capital ones alike."""
    return b"".join(one.read_bytes() for one in sorted(home.directory.rglob("*")) if one.is_file()).lower()


def test_no_word_and_no_name_of_others_is_in_any_file(tmp_path: Path) -> None:
    with Home(tmp_path / "h") as home:
        with opened(home) as vault:
            for seq in range(1, 3 * BLOCK, 3):
                text = f"{WORDS[seq % len(WORDS)]} and {' '.join(WORDS)}"
                vault.archive(seq, row_of(Said(seq, seq, "Wilhelmina", text)))
                vault.archive(seq + 1, row_of(Told(seq + 1, seq, "Wilhelmina", "John", text)))
                vault.archive(seq + 2, row_of(GroupSaid(seq + 2, seq, "John", GROUP, text)))
            vault.archived.keep_draft(Conversation.group(GROUP), DRAFT)
            vault.archived.mark_read(Conversation.group(GROUP), 5)
            vault.commit()
            index_all(vault.archived)
            assert len(texts(vault.archived, "pomegranate in:conspirators")) == BLOCK
            data = everything_in(home)
        data += everything_in(home)
    assert b"john" in data, "one's own name is no secret"
    for word in (*WORDS, GROUP, DRAFT, "überraschung", "uberraschung", "hidden", "日本", "学校"):
        assert word.lower().encode() not in data, word
        assert word.encode("utf-16-le") not in data, word


def test_another_key_opens_nothing(tmp_path: Path) -> None:
    with Home(tmp_path / "h") as home:
        with opened(home) as vault:
            vault.archive(1, row_of(Said(1, 1, "Ann", "soup")))
            vault.commit()
        with pytest.raises(StorageError, match="belongs to another key"):
            FileVault(path_in(home), home, bytes(32))


def test_two_names_have_no_token_in_common(tmp_path: Path) -> None:
    with Home(tmp_path / "h") as home, opened(home) as vault:
        for name in ("John", "Ann"):
            vault.choose(name)
            for seq in range(BLOCK):
                vault.archive(seq, row_of(Said(seq, seq, "Bob", "soup")))
        index_all(vault.archived)
        vault._database.execute("CREATE VIRTUAL TABLE temp.found USING fts5vocab(main, token_index, row)")
        counts = vault._database.execute("SELECT doc FROM temp.found").fetchall()
        assert counts == [(BLOCK,)] * 6  # the word, who and where, for each of the two
