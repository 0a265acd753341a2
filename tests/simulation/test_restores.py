"""A server that is restored, and loses its end, at any moment: everybody is told, and sees what there is, once."""

import random
import re
from collections.abc import Callable

import pytest

from reactor_chat.journal.memory import MemoryJournal
from reactor_chat.testing.vault import SimulatedVault
from tests.client.party import Guest, Party
from tests.server.restored import restored
from tests.server.world import World

NAMES = ("Ann", "Bob", "Cid")
STEPS = 30
LOST = re.compile(r"The server (lost|went back)")


class Town:
    """A party whose server goes back now and then, and what has to be so."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311  the same in every run
        self.party = Party(MemoryJournal())
        self.vaults = {name: SimulatedVault() for name in NAMES}
        self.guests = {name: self.party.enter(name, self.vaults[name]) for name in NAMES}
        self.shown: dict[str, list[str]] = {name: [] for name in NAMES}
        self.missed: dict[str, set[str]] = {name: set() for name in NAMES}
        self.backups: list[MemoryJournal] = []
        self.words = self.servers = 0

    @property
    def journal(self) -> MemoryJournal:
        journal = self.party.world.journal
        assert isinstance(journal, MemoryJournal)
        return journal

    def there(self) -> set[str]:
        """What the server has of what was said."""
        said = (re.search(rb'"text":"(t\d+)"', row.payload) for row in self.journal.replay())
        return {found[1].decode() for found in said if found is not None}

    def look(self, guest: Guest) -> None:
        """See what was shown since the last look."""
        name, lines = guest.engine.name, guest.lines
        new = [found for line in lines for found in re.findall(r"\bt\d+\b", line) if not line.startswith("*")]
        self.shown[name] += new
        assert len(set(self.shown[name])) == len(self.shown[name]), "nothing is shown twice"
        gone = set(self.shown[name]) - self.there()
        if not guest.is_cut:
            assert not (gone - self.missed[name]) or any(map(LOST.search, lines)), "every loss is told"
            assert self.there() <= set(self.shown[name]), "what there is is shown"
            self.missed[name] |= gone
            lines.clear()
        else:
            lines[:] = [line for line in lines if LOST.search(line)]

    def all_look(self) -> None:
        for guest in self.guests.values():
            self.look(guest)

    # --------------------------------------------------------------------------------------- what happens

    def say(self) -> None:
        for _ in range(self.chance.randrange(1, 6)):
            self.words += 1
            guest = self.guests[self.chance.choice(NAMES)]
            if not guest.is_cut:
                guest.type(f"t{self.words}")

    def cut(self) -> None:
        guest = self.guests[self.chance.choice(NAMES)]
        if not guest.is_cut:
            guest.cut()

    def mend(self) -> None:
        guest = self.guests[self.chance.choice(NAMES)]
        if guest.is_cut:
            guest.mend()

    def run_again(self) -> None:
        """Somebody's client is killed, and started again."""
        name = self.chance.choice(NAMES)
        guest = self.guests[name]
        if not guest.is_cut:
            self.party.leave(guest)
            self.vaults[name].lose_uncommitted()
            self.guests[name] = self.party.enter(name, self.vaults[name])

    def back_up(self) -> None:
        self.backups.append(restored(self.journal, self.journal.head, is_known=False))

    def restart(self) -> None:
        self._serve(self.journal)

    def restore(self) -> None:
        if self.backups:
            backup = self.chance.choice(self.backups)
            self._serve(restored(backup, backup.head, is_known=self.chance.random() < 0.5))

    def lose_the_end(self) -> None:
        self._serve(restored(self.journal, self.chance.randrange(self.journal.head + 1), is_known=False))

    def _serve(self, journal: MemoryJournal) -> None:
        """Have another server begin on this journal, in place of the one there is."""
        was, now = [name for name in NAMES if not self.guests[name].is_cut], self.party.now
        for name in was:
            self.guests[name].cut()
        self.party.world = World(journal)
        self.party.world.now = now
        self.servers += 1
        self.party.world._nonces = self.servers << 32  # no two servers draw the same
        self.party.world.start()
        for name in self.chance.sample(was, len(was)):
            self.guests[name].mend()


HAPPENINGS: tuple[Callable[[Town], None], ...] = (
    *(Town.say,) * 5,
    *(Town.cut, Town.mend, Town.mend, Town.run_again, Town.back_up),
    *(Town.restart, Town.restore, Town.lose_the_end),
)


@pytest.mark.parametrize("seed", range(12))
def test_everybody_is_told_and_sees_what_there_is_once(seed: int) -> None:
    town = Town(seed)
    for _ in range(STEPS):
        town.chance.choice(HAPPENINGS)(town)
        town.all_look()
    for guest in town.guests.values():
        if guest.is_cut:
            guest.mend()
    town.all_look()
    assert town.words
    assert town.servers
