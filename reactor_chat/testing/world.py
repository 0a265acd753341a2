"""A server and its people, on one network, one disk and one clock, where nothing happens by itself.

Whoever drives the world calls operations (see `operations`), which take whole numbers and use no chance: so a list of
operations is the whole run, on every machine.  The production code is `server.app` and `client.engine`; around them
everything is simulated, and everything is checked while it happens.
"""

from hashlib import sha256

from reactor_chat.server.operator.orders import Announce, Order, Release
from reactor_chat.server.options.table import Options
from reactor_chat.server.options.values import Rate
from reactor_chat.testing.checker import Checker, demand
from reactor_chat.testing.clients import Answers, Bot, Human, Program, SimulatedPerson
from reactor_chat.testing.clock import Clock
from reactor_chat.testing.disk import Fate
from reactor_chat.testing.hostile import Hostile
from reactor_chat.testing.machine import Machine
from reactor_chat.testing.network import READ_BYTES_MAX, SimulatedLink, WireLimits
from reactor_chat.wire.messages import fold

NAMES = (
    *("Ann", "Bob", "Cid", "Dee", "Eve", "Fay", "Gus", "Hal", "Ida", "Jon", "Kim", "Leo"),
    *("Mia", "Ned", "Oda", "Pam", "Quy", "Rex", "Sue", "Tom", "Uma", "Vic", "Wes", "Xia"),
)
OWNERS = frozenset({"Ann", "Bob", "Dee", "Eve", "Ida"})
HUMANS = 3
PEOPLE = (6, 20, 12, 24)
"""How many people there are, by shape."""
QUIET_ABOVE = (256, 8, 4, 256)
"""With more people than this not everybody is told at once who comes or goes, by shape."""

LIVENESS_SECONDS = 10.0
RESTART_SECONDS = 1.0
SLACK_SECONDS = 1.0
ROUNDS_MAX = 2_000
IDLE_TURNS_MAX = 32
"""So many turns a server may want at once in which nothing moves; what it waits for then has to be time."""


def options_of(shape: int) -> Options:
    """Return what the operator of a world chose: small limits, so that they are met."""
    quick = Rate(1_000_000, 1_000_000)
    return Options(
        rate=Rate(30, 200) if shape % 4 == 2 else None,
        failed_logins=Rate(4, 1),
        connects=quick,
        people_max=PEOPLE[shape % 4] + 1,
        groups_max=2,
        group_members_max=4,
        text_bytes_max=16_384 if shape % 2 else 600,
        messages_per_turn_max=3 if shape % 4 == 2 else 256,
    )


class World:
    """Everything.

    Args:
        shape: which world: how many people, which limits; 0 or more.

    Attributes:
        people, names: everybody, by number.
        machine: what the server runs on.
        checker: what is true.
        links: every connection that is not over, and whose it is.
        faults, moves, timers: how many there were.
    """

    def __init__(self, shape: int = 0) -> None:
        self.clock = Clock()
        self.faults = self.moves = self.timers = self.lines = 0
        self._digest = sha256()
        options = options_of(shape)
        self.checker = Checker(
            groups_max=options.groups_max,
            members_max=options.group_members_max,
            people_max=options.people_max,
            text_bytes_max=options.text_bytes_max,
        )
        self.seen = self.checker.seen
        limits = WireLimits(pipe_bytes_max=(65_536, 16_384)[shape % 2])
        self.machine = Machine(options, self.checker, self.clock, limits, QUIET_ABOVE[shape % 4])
        self.links: list[tuple[SimulatedLink, SimulatedPerson | Hostile]] = []
        seconds_max = options.login_seconds_max + SLACK_SECONDS
        self.hostile = Hostile(self.checker, lambda address: self._dial(address, self.hostile), seconds_max)
        self.names = NAMES[: PEOPLE[shape % 4]]
        self.people = [self._person(number) for number in range(PEOPLE[shape % 4])]
        self._down_since = 0.0
        self.restart()
        for person in self.people:
            person.start()
            person.tick()

    def _person(self, number: int) -> SimulatedPerson:
        name = NAMES[number]

        def dial(address: str) -> SimulatedLink | None:
            return self._dial(address, person)

        person: SimulatedPerson
        key_number = number + 1 if name in OWNERS else None
        if number < HUMANS:
            person = Human(name, number, key_number, self.checker, self.clock, dial)
        else:
            person = Program(name, number, key_number, self.checker, self.clock, dial)
        return person

    def join(self, name: str, answers: Answers) -> Bot:
        """Let a bot come in as a guest.

        Args:
            name: a name that nobody has.
            answers: the bot; see `Answers`.
        """
        bot: Bot

        def dial(address: str) -> SimulatedLink | None:
            return self._dial(address, bot)

        bot = Bot(answers, name, len(self.people), None, self.checker, self.clock, dial)
        self.people.append(bot)
        self.names = (*self.names, name)
        return bot

    def cut(self, person: SimulatedPerson) -> None:
        """Reset somebody's connection; both sides notice, and what was on its way is gone."""
        if person.link is not None:
            self.seen["an answer was cut off"] += bool(person.link.wire.down)
            person.link.reset()
            person.lost("Connection reset by peer")

    def _dial(self, address: str, owner: "SimulatedPerson | Hostile") -> SimulatedLink | None:
        if self.machine.app is None:
            return None
        link = self.machine.connect(address)
        self.links.append((link, owner))
        return link

    # ------------------------------------------------------------------------------------------ what moves

    def flow(self, bytes_max: int = READ_BYTES_MAX) -> bool:
        """Let the network carry so many bytes on each link in each direction, with a turn of the server between.

        Returns:
            Whether anything moved.
        """
        before, now = self.moves, self.clock.now
        for link, _ in self.links:
            if link.wants_up and link.stalled_until <= now and link.move_up(bytes_max):
                self.moves += 1
        self.serve()
        for link, owner in tuple(self.links):
            if link.stalled_until <= now:
                self.deliver(link, owner, bytes_max)
        return self.moves > before

    def serve(self) -> None:
        """Let the server do one turn, if it is up."""
        machine = self.machine
        if machine.app is None:
            return
        if not machine.turn():
            self.seen["a disk failed under a running server"] += 1
            self.crash(Fate(machine.turns % len(Fate)))
            return

    def deliver(self, link: SimulatedLink, owner: "SimulatedPerson | Hostile", bytes_max: int = READ_BYTES_MAX) -> None:
        """Let one client read, and see the end where that has come."""
        data = link.move_down(bytes_max)
        if data:
            self.moves += 1
            self._digest.update(data)
            if isinstance(owner, Hostile):
                owner.received(link, data)
            elif owner.link is link:
                owner.received(data)
            else:
                owner.overheard(link, data)
        if link.has_ended or (link.is_cut and link.wire.closed):
            self._over(link, owner)

    def _over(self, link: SimulatedLink, owner: "SimulatedPerson | Hostile") -> None:
        """Let a client see the end of a link, where it has not; one that has closed its own side is forgotten."""
        if isinstance(owner, Hostile):
            owner.lost(link)
        elif owner.link is link:
            if link.is_cut:
                return  # it does not notice
            owner.lost("Connection reset by peer")
        link.end()
        if link.wire.closed:
            self.links = [one for one in self.links if one[0] is not link]

    # ----------------------------------------------------------------------------------------- up and down

    def crash(self, fate: Fate, *, is_late: bool = False) -> None:
        """Let the server die and the power go.

        Args:
            fate: what is left of what was not synced.
            is_late: what had left the machine still arrives.
        """
        links, self.links = self.links, []
        for link, owner in links:
            if is_late and not isinstance(owner, Hostile) and owner.link is link:
                data = link.move_down(1 << 30)
                self._digest.update(data)
                if data:
                    owner.received(data)
        self.machine.crash(fate)
        self._down_since = self.clock.now
        for link, owner in [*links, *self.links]:
            if isinstance(owner, Hostile):
                owner.lost(link)
            elif owner.link is link:
                owner.lost("Connection reset by peer")
        self.links = []

    def stop(self) -> None:
        """Let the server's process end by itself, with a snapshot."""
        assert self.machine.app is not None
        self.machine.keep_snapshot()
        self.crash(Fate.KEPT)

    def order(self, order: Order) -> None:
        """Let the operator order something, where a server is there to hear it."""
        if self.machine.app is None:
            return
        if isinstance(order, Release):
            self.checker.releases.add(fold(order.name))
        elif isinstance(order, Announce):
            self.checker.announced.add(order.text)
        if not self.machine.carry_out(order):
            self.crash(Fate.TORN)

    def restart(self) -> None:
        """Start the server, if it is down."""
        if self.machine.app is None and not self.machine.start():
            self.seen["a start failed"] += 1
            self._down_since = self.clock.now

    # ------------------------------------------------------------------------------------------------ time

    def pass_time(self, seconds: float) -> None:
        """Let time pass, and what is due be done; a server that is down is started by whoever watches over it."""
        self.clock.advance(seconds)
        self.timers += 1
        self.machine.network.tick()
        if self.machine.app is None and self.clock.now >= self._down_since + RESTART_SECONDS:
            self.restart()
        self.serve()
        if self.machine.app is not None:
            self.hostile.check(self.clock.now)
        for person in self.people:
            person.tick()

    def _next_deadline(self) -> float:
        times = [person.deadline for person in self.people]
        times.append(self.machine.network.deadline)
        times.append(self.machine.app.deadline if self.machine.app is not None else self._down_since + RESTART_SECONDS)
        return min((at for at in times if at is not None), default=self.clock.now + 1.0)

    # -------------------------------------------------------------------------------------------- liveness

    def heal(self) -> None:
        """Stop every fault: the disk works, links carry, who had vanished is known to be gone."""
        self.machine.disk.heal()
        for link, owner in list(self.links):
            link.stalled_until = 0.0
            link.wire.leaves_bytes_max = 1 << 40
            if link.is_cut or isinstance(owner, Hostile):
                link.reset()
                if not isinstance(owner, Hostile) and owner.link is link:
                    owner.lost("Connection reset by peer")
        self.restart()

    def settle(self) -> None:
        """Stop every fault, and see everybody current within the time that is promised.  Raises Violation."""
        self.heal()
        end = self.clock.now + LIVENESS_SECONDS
        while True:
            for person in self.people:
                person.start()
            self._flow_until_quiet()
            if all(person.is_current for person in self.people) and not self._others_present():
                break
            demand(self.clock.now < end, "when faults stop, everybody is current within 10 s", self._late())
            self.pass_time(min(max(self._next_deadline() - self.clock.now, 0.001), 1.0))
        self._check_everything()

    def _flow_until_quiet(self) -> None:
        idle = 0
        for _ in range(ROUNDS_MAX):
            idle = 0 if self.flow() else idle + 1
            if idle and (not self.machine.wants_turn or idle > IDLE_TURNS_MAX):
                return
        demand(False, "a world that is left alone comes to rest")  # noqa: FBT003

    def _others_present(self) -> bool:
        return len(self.checker.model.present) != len(self.people)

    def _late(self) -> list[str]:
        late = [f"{person.name}: {person.state_in_words()}" for person in self.people if not person.is_current]
        return late or sorted(self.checker.model.present)

    def check(self) -> None:
        """See what has to be so at every instant, beside what is seen whenever something arrives.  Raises Violation."""
        self.machine.check_disk()
        for person in self.people:
            demand((person.oracle.at or 0) <= self.checker.head, "nobody knows more than is durable", person.name)

    def _check_everything(self) -> None:
        self.check()
        for person in self.people:
            forgotten = person.forgotten()
            demand(not forgotten, "what was typed is said, once, or refused", person.name, forgotten)
        app = self.machine.app
        assert app is not None
        demand(len(app.hub.state.roster) == len(self.people), "who is there is there", app.hub.state.roster.names())
        demand(self.checker.state_hash() == app.hub.state.hash(), "the state is what the journal says")

    # -------------------------------------------------------------------------------------------- accounts

    @property
    def operations(self) -> int:
        """How many operations there were; see `driver` for what is one."""
        frames = sum(person.frames + person.oracle.frames for person in self.people)
        typed = sum(person.typed for person in self.people)
        return self.moves + frames + typed + self.machine.all_commits + self.timers + self.faults

    def digest(self) -> str:
        """Return a hash of every byte that was delivered and everything that is durable."""
        whole = self._digest.copy()
        for payload in self.checker.payloads:
            whole.update(payload)
        return whole.hexdigest()
