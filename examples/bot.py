"""A bot that repeats what is said to it: `Robot: hello` in the room, or `@Robot hello`.

    python -m examples.bot 127.0.0.1 7667 --name Robot --pin SHA256:… --key robot.key

It reads plain text only.  The client encrypts private messages by itself where both people have a key, and never to a
guest: whoever wants to talk to it in private types `@encrypt off @Robot` first.
"""

from examples.connection import Connection, arguments
from reactor_chat.wire.messages import Bye, Notice, Request, Said, Say, Tell, Told, fold


def answer(notice: Notice, name: str) -> Request | None:
    """Return what the bot called `name` says to a notice; None where it has nothing to say."""
    if not isinstance(notice, Said | Told) or notice.text is None or fold(notice.sender) == fold(name):
        return None
    if isinstance(notice, Told):
        return Tell(notice.sender, f"You said: {notice.text}")
    called, colon, rest = notice.text.partition(":")
    if colon and fold(called) == fold(name):
        return Say(f"{notice.sender}: You said: {rest.strip()}")
    return None


def main() -> None:
    """Answer until the server closes."""
    chosen = arguments("Repeat what is said to it.").parse_args()
    connection = Connection(chosen)
    for notice in connection:
        if isinstance(notice, Bye):
            raise SystemExit(notice.text)
        if (request := answer(notice, chosen.name)) is not None:
            connection.send(request)


if __name__ == "__main__":
    main()
