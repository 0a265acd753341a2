"""A vault that lasts as long as the process."""

from reactor_chat.client.store.vault import MemoryVault, Vault
from reactor_chat.wire.messages import Say


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
