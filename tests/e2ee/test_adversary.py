"""Whatever a server says in whichever field: a line is read by those whom its author's person named, as its author's.

People do what people do (write, form groups and change them, encrypt, close the room, compare and accept keys, come and
go, restart, move to another home) while `adversary` stands between the service and each of them, and `forger` uses the
server's own accounts.  Every line is a canary with a number.  `oracle` holds every turn of every client to what their
persons typed and were shown:

- in a pair a line is sealed for the other one, by the key that counts for its author's person;
- in a closed conversation for those on the list of whoever keeps it, as the author's person agreed to, and by the keys
  that were meant; for the owner's own lines those who are on it now;
- everywhere but in a pair every reader was announced to the author before;
- where a passphrase was typed, all who read have typed it; nobody blocked reads, nor any other key of who was verified;
- who opens a line, the server's own account with all of its keys included, is one for whom it was sealed;
- what is shown as sealed was said under seal, by whom, where, and no more often; what is shown as verified is;
- no line leaves in plain text, and no prompt says that it will, unless its person ordered it there.
"""

import os
from random import Random

from hypothesis import HealthCheck, event, given, note, settings
from hypothesis import strategies as st

from reactor_chat.wire.conversation import ROOM, Conversation
from tests.conftest import NIGHTLY
from tests.e2ee.oracle import counts
from tests.e2ee.programs import ACTIONS, LIES, PAUSES, PEOPLE, PLACES, SEED_MAX, STEPS_MAX, Program, Step, steps_of
from tests.e2ee.village import ROOMS, TEAM

PROGRAMS = int(os.environ.get("REACTOR_CHAT_PROGRAMS", "2000" if os.environ.get(NIGHTLY) == "1" else "60"))

steps = st.builds(
    Step,
    st.sampled_from(ACTIONS),
    st.sampled_from(PEOPLE),
    st.sampled_from(PLACES),
    st.integers(0, SEED_MAX - 1),
    st.sampled_from(LIES),
    st.sampled_from(PAUSES),
)


@settings(max_examples=PROGRAMS, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(ROOMS), st.lists(steps, min_size=4, max_size=STEPS_MAX))
def test_no_field_of_no_notice_widens_who_reads(room: str, program: list[Step]) -> None:
    run = Program(room)
    try:
        run.run(program)
    finally:
        for name, adversary in run.lies.items():
            for lie in adversary.told:
                note(f"{name} is told by {lie}")
    event(f"lines that another one read: {'some' if run.was_read else 'none'}")
    event(f"lies that were told: {'some' if any(one.told for one in run.lies.values()) else 'none'}")
    event(f"lines that left: {'some' if run.was_sealed else 'none'}")


def test_without_lies_everything_arrives() -> None:
    """The programs are such in which people reach each other: an oracle over silence would hold too."""
    program = Program("open")
    for name, place in (("Ann", "room"), ("Bob", "team"), ("Cid", "Ann"), ("Ann", "Bob"), ("Bob", "club")):
        program.do(Step("say", name, place))
    program.finish()
    read = {line.text for line in program.oracle.lines}
    assert len(read) == 5
    assert read <= set(program.homes["Ann"][0].client.read)
    assert [line.readers for line in program.oracle.lines][1] == {"Ann", "Bob", "Cid"}
    assert (
        program.village["Cid"].state(TEAM)
        == program.village["Ann"].state(ROOM)
        == program.village["Ann"].state(Conversation.pair("Bob"))
    )


def test_most_programs_reach_what_they_are_about() -> None:
    """Of programs as they are drawn, most let somebody read another's line, and the server's account reads some too."""
    reached = 0
    before = counts["read by the server's account"]
    for seed in range(20):
        room, drawn = steps_of(Random(seed))  # noqa: S311  a test's dice
        run = Program(room)
        run.run(drawn)
        reached += run.was_read
    assert reached > 10
    assert counts["read by the server's account"] > before
