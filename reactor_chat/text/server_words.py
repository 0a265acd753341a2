"""What a client says in its own words where a server says no or goodbye, and how it shows the server's.

Where the code says all that there is to say, a person reads our words for it and the server's text is shown nowhere: so
no text can make a refusal out of anything else.  What is left is the server's, and is shown as the server's.
"""

from reactor_chat.text.parser import INVALID_COMMAND
from reactor_chat.wire.messages import NAME_CHARS_MAX, Bye, quoted

BAD_ANSWER = "The server's answer makes no sense; it was ignored"

REFUSALS: dict[str, str] = {
    "already_logged_in": "You are logged in already",
    "bad_answer": BAD_ANSWER,
    "bad_name": f"A name is 1 to {NAME_CHARS_MAX} letters, digits or underscores (A-Z a-z 0-9 _)",
    "bad_signature": "The server does not accept the proof that this key is yours",
    "gap": "What you missed is not kept any more",
    "invalid_command": INVALID_COMMAND,
    "login_first": "Log in first",
    "login_timeout": "You took too long to log in",
    "name_reserved": "That name is a reserved word; choose another name",
    "name_taken": "Username is already taken",
    "no_space": "The server cannot store messages right now. You can read; try sending later",
}
"""By code, and `bad_answer` is the client's own; the text of any other code may tell more than the code does."""

FAREWELLS: dict[str, str] = {
    "quit": "Goodbye",
    "shutdown": "The server is shutting down",
    "taken_over": "You are connected from elsewhere now",
    "idle": "Nothing was heard from you for too long",
    "too_slow": "You read too slowly; connect again to get the rest",
    "flood": "You sent too much",
    "kicked": "You were disconnected",
    "violation": "What you sent breaks the protocol",
}
"""By the reason of a `bye`."""


def farewell_in_words(bye: Bye) -> str:
    """Return why a server closes the connection, to stand in a line of the client's own."""
    return FAREWELLS.get(bye.reason) or quoted(bye.text)
