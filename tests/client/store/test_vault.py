"""A vault that lasts as long as the process."""

from reactor_chat.client.store.vault import Archived, MemoryVault, Vault, VaultWithArchive
from reactor_chat.client.store.written import row_of
from reactor_chat.wire.conversation import ROOM
from reactor_chat.wire.messages import Said, Say


def test_it_remembers_in_order_and_forgets() -> None:
    vault: Vault = MemoryVault()
    assert vault.cursor() is None
    vault.move_cursor(7)
    for number in range(3):
        vault.keep(Say("x", id=str(number)))
    vault.drop("1")
    vault.drop("unheard of")
    assert vault.cursor() == 7
    assert [request.id for request in vault.kept()] == ["0", "2"]


def test_what_came_is_on_its_page_and_belongs_to_no_earlier_run() -> None:
    vault: VaultWithArchive = MemoryVault()
    vault.choose("Gus")
    rows = [row_of(Said(seq, seq, "Ann", "soup")) for seq in (1, 2, 3)]
    assert [vault.archive(seq, row) for seq, row in enumerate(rows, 1)] == [1, 2, 3]
    assert vault.newest(2) == [Archived(3, rows[2]), Archived(2, rows[1])]
    assert (vault.unprinted(), vault.tail(9), vault.is_durable) == ([], [], False)
    assert [entry.seq for entry in vault.archived.page(ROOM)] == [1, 2, 3]
    assert vault.archived.unread(ROOM) == 3


def test_an_archive_that_was_asked_for_first_turns_with_its_vault() -> None:
    vault = MemoryVault()
    assert vault.archived.conversations() == []
    vault.choose("Gus")
    vault.archive(7, row_of(Said(7, 7, "Gus", "soup")))
    vault.begin_log("another", 2)
    vault.archive(3, row_of(Said(3, 8, "Ann", "bread")))
    assert [entry.seq for entry in vault.archived.page(ROOM)] == [7, 3]
    assert vault.archived.unread(ROOM) == 1
    vault.choose("Tom")
    assert vault.archived.conversations() == []
