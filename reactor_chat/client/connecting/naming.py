"""The words about names: which cannot be one, and what a server's no to one means."""

from reactor_chat.text.server_words import REFUSALS
from reactor_chat.wire.messages import Refused, is_name, quoted

NO_NAME = REFUSALS["bad_name"]


def is_own_ghost(refused: Refused, *, has_key: bool, may_be_haunted: bool) -> bool:
    """Return whether a refused name is held, perhaps, by a connection of our own that the server takes for alive.

    A guest waits for its end; a key takes over whatever holds its name.
    """
    return refused.code == "name_taken" and not has_key and may_be_haunted


def is_said_by_its_code(refused: Refused, name: str) -> bool:
    """Return whether what a refusal's code says is true of a name: a name of the right form is refused for more."""
    return refused.code != "bad_name" or not (is_name(name) or not name)


def refusal_in_words(refused: Refused, name: str, *, has_key: bool) -> str:
    """Return why a login was refused, to stand in a line of the client's own.

    Args:
        refused: what the server said; its text is quoted where its code does not say enough.
        name: the name that was tried.
        has_key: the login proved a key; a guest learns no more than the server says.
    """
    if refused.code == "name_taken" and has_key:
        return f"The name {name} belongs to another key than yours, or to a guest who is here now"
    if refused.code == "bad_name" and (is_name(name) or not name):
        return quoted(refused.text)  # its form is right, or it was left to the server, which alone knows what is wrong
    return REFUSALS.get(refused.code) or quoted(refused.text)
