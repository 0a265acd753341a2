"""A world in which several people share several conversations: built once in good faith, and taken up again at will.

Five people: four of good will, and the server's own account, which is in some conversations by right.  What the
honest beginning led to is kept as stores and as the service's tables, so a program that begins there pays for reading
them and not for the keys.  Every person begins as after a restart of the client, from the stored home.
"""

import hashlib
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from reactor_chat.e2ee.boundary import Arm, Note, Outcome
from reactor_chat.e2ee.orders.group_orders import GroupRequest
from reactor_chat.e2ee.store import MemoryStore
from reactor_chat.wire.conversation import ROOM, Conversation, Spoken
from reactor_chat.wire.messages import GroupSet, Kdf, fold
from tests.e2ee.service import Service, Shelf
from tests.e2ee.world import Person, World

HONEST = ("Ann", "Bob", "Cid", "Dan")
NEWCOMER = "Eve"
"""Of good will too, and not there in the beginning."""

GHOST = "Mal"
"""The server's own account: it has a client, keys and packages, and what it opens the server has read."""

TEAM, CLUB = Conversation.group("team"), Conversation.group("club")
ROOMS = ("open", "closed", "plain")
"""How the room stands in the beginning: sealed for everybody, closed by Ann for Bob and Cid, or not sealed."""

RUNS_OF_A_HOME = 1_000
"""Homes of one person number their runs apart, so that no two give the same ids."""


TURNS_MAX = 3_000
"""Deadlines in one step of a program; a client whose deadline stays in the past would never rest."""


TURNS_MAX = 3_000
"""Deadlines in one step of a program; a client whose deadline stays in the past would never rest."""


class Watched(Person):
    """Somebody whose client is looked at after each turn, before anything of it is obeyed."""

    def __init__(self, world: World, name: str, *, seed: bytes | None = None, home: int = 0) -> None:
        self.watch: Callable[[Outcome], None] = lambda _: None
        self.home = home
        super().__init__(world, name)
        if seed is not None or home:
            self.seed = seed or self.seed
            self.runs = home * RUNS_OF_A_HOME
            self.start()

    def connect(self) -> None:
        """Log in, unless the name is somebody else's by now: the server would refuse it (`name_taken`)."""
        own_key = self.session.desk.own_key
        if self.world.service.accounts.get(fold(self.name), own_key) == own_key:
            super().connect()

    def _obey(self, outcome: Outcome) -> None:
        self.watch(outcome)
        super()._obey(outcome)

    def order_group(self, request: GroupRequest) -> None:
        """Type an order about a group, which travels as it is."""
        assert request.id is not None
        self.outbox[request.id] = request  # type: ignore[assignment]
        self.do(lambda: self.session.did(request, self.world.now))
        self._send(request)

    def fresh_id(self) -> str:
        """Return an id for what is typed next."""
        return self._fresh_id()


class Village(World):
    """Everybody, with passphrases that cost nothing."""

    def join(self, name: str) -> Watched:
        """Let somebody come for the first time."""
        person = Watched(self, name)
        self.people[name] = person
        person.connect()
        self.settle()
        return person

    def __getitem__(self, name: str) -> Watched:
        person = self.people[name]
        assert isinstance(person, Watched)
        return person

    def derive(self, typed: str, salt: bytes, kdf: Kdf) -> bytes:
        """Compute what stands for the key of a passphrase."""
        return hashlib.sha256(repr((typed, salt, kdf)).encode()).digest()


class Home(NamedTuple):
    """What one client left on disk, and what its person was told until then."""

    store: MemoryStore
    saved: tuple[dict[str, Spoken], int]
    notes: list[Note]


class Beginning(NamedTuple):
    """A village as it was left."""

    homes: dict[str, Home]
    service: Service
    now: float


@cache
def beginning(room: str) -> Beginning:
    """Return the village with a room that stands so."""
    village = Village("village", *HONEST, GHOST)
    if room == "open":
        village.seal_room("Ann")
    elif room == "closed":
        village["Ann"].order(Arm(ROOM, is_closed=True, names=("Bob", "Cid")))
        village.pass_time(10)
    village["Ann"].order_group(GroupSet("team", ["Bob", "Cid"], id="Ann-team"))
    village["Bob"].order_group(GroupSet("club", ["Ann", "Dan", GHOST], id="Bob-club"))
    village.pass_time(5)
    for one, other in (("Ann", "Bob"), ("Bob", "Cid"), ("Cid", "Ann")):
        village[one].say("hello", Conversation.pair(other))
    village.pass_time(5)
    homes = {name: Home(one.store.copy(), one.saved, one.notes) for name, one in village.people.items()}
    return Beginning(homes, copy_of(village.service), village.now)


def take_up(begun: Beginning) -> Village:
    """Return a village that goes on from there, with nobody connected yet."""
    village = Village("village")
    village.turns_max = TURNS_MAX
    village.turns_max = TURNS_MAX
    village.service, village.now = copy_of(begun.service), begun.now
    village.service.ordered = village._ordered
    for name, home in begun.homes.items():
        person = village.people[name] = Watched(village, name)
        person.store, person.saved = home.store.copy(), (dict(home.saved[0]), home.saved[1])
        person.runs, person.notes = 1, list(home.notes)
        person.start()
    return village


def copy_of(service: Service) -> Service:
    """Return a service with the same tables, and nobody connected."""
    twin = Service()
    twin.accounts, twin.journal = dict(service.accounts), list(service.journal)
    twin.outcomes, twin.groups = dict(service.outcomes), {name: list(who) for name, who in service.groups.items()}
    twin.blobs = {place: list(parts) for place, parts in service.blobs.items()}
    put_back(twin, service)
    return twin


def put_back(service: Service, earlier: Service) -> None:
    """Give a service the seals and packages of an earlier one, as somebody does who restores a backup of them."""
    service.shelves = {place: Shelf(deque(one.packages), one.last_resort) for place, one in earlier.shelves.items()}
    service.seals = {
        place: replace(one, members=set(one.members), waiting=dict(one.waiting)) for place, one in earlier.seals.items()
    }
