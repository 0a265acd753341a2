"""The key of a passphrase comes out of a child process, or the news that none does, while the loop goes on."""

from reactor_chat.client.derivation import COMMAND, Child
from reactor_chat.e2ee.boundary import Derive
from reactor_chat.e2ee.passphrase import DEFAULT, derive
from reactor_chat.reactor.loop import Loop
from reactor_chat.wire.messages import Kdf

SALT = bytes(range(32))
WEAK = Kdf("argon2id", 8, 1, 1)


def answers(tasks: list[Derive]) -> tuple[dict[int, bytes | None], int]:
    """What children say to these tasks, and how many turns the loop did meanwhile."""
    loop, heard, turns = Loop(), dict[int, bytes | None](), 0

    def done(child: Child, key: bytes | None) -> None:
        heard[child.job] = key
        if len(heard) == len(tasks):
            loop.stop()

    def tick() -> None:
        nonlocal turns
        turns += 1
        loop.timers.call_at(loop.now + 0.01, tick)

    for task in tasks:
        Child(loop, task, done)
    tick()
    loop.run()
    loop.close()
    return heard, turns


def test_a_child_says_the_key_and_nobody_waits_for_it() -> None:
    heard, turns = answers([Derive(7, "correct horse", SALT, DEFAULT), Derive(8, "correct horse", SALT, WEAK)])
    assert heard == {7: derive("correct horse", SALT, DEFAULT), 8: None}
    assert turns > 2


def test_a_child_that_is_not_wanted_any_more_is_ended() -> None:
    loop = Loop()
    child = Child(loop, Derive(1, "correct horse", SALT, DEFAULT), lambda *_: None)
    process = child._process
    assert not any("correct" in word for word in COMMAND), "a passphrase is in no list of processes"
    child.end()
    assert process.returncode is not None
    loop.close()
