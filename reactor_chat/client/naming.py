"""The words about names: which cannot be one, and what a server's no to one means."""

from reactor_chat.wire.messages import NAME_CHARS_MAX, Refused

NO_NAME = f"A name is 1 to {NAME_CHARS_MAX} letters, digits or underscores (A-Z a-z 0-9 _)"


def refusal_in_words(refused: Refused, name: str, *, has_key: bool) -> str:
    """Return why a login was refused, for a person.

    Args:
        refused: what the server said.
        name: the name that was tried.
        has_key: the login proved a key; a guest learns no more than the server says.
    """
    if refused.code == "name_taken" and has_key:
        return f"The name {name} belongs to another key than yours, or to a guest who is here now"
    return refused.text
