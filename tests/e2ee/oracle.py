"""What people's own words come to: who may read a line, as whose it may be shown, and what must not leave in the open.

Nothing here asks the product's rules.  Beliefs come from what a person typed and from the lines that were shown to
them; who reads comes from the leaves of the group that a line was sealed for, and from what was really opened.  Keys
stand for people by who holds their private halves: whatever name the server gives one of its own, its holder is `Mal`.
"""

import re
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field, fields

from reactor_chat.e2ee.boundary import Mark, Note, Outcome, Posture, Shown
from reactor_chat.e2ee.identity import person_of
from reactor_chat.e2ee.outgoing import Sealed
from reactor_chat.mls.group import Group
from reactor_chat.mls.suites import HYBRID
from reactor_chat.wire.conversation import ROOM, Conversation, Scope, Spoken, where_heard, where_said
from reactor_chat.wire.messages import fold, read_sealed
from tests.e2ee.village import GHOST, Watched
from tests.e2ee.world import CANARY, CANARY_FORMS

GHOST_WORDS = "words of the server"

_ADDED = re.compile(r"\S+ let (\S+) read .+ \((?:your )?(\S+) key(?:, not verified)?\)$")
_TAKEN = re.compile(r"\S+ took (\S+) out of .+: \S+ can no longer read it")
_ENTERED = re.compile(r"\S+ let you into .+\. Readers: (.*)|Your chat with (\S+) is now encrypted$")
_MORE = re.compile(r"and (.*)")
_BEGUN = re.compile(r".+ is encrypted now$")
_WARNED = re.compile(r"(\S+) has another key than ")
_SIGNED = re.compile(r".*: (\S+) signed the list of members ")
_ANOTHER = re.compile(r".*: (\S+) encrypted it, not \S+\. @encrypt on")
_LESS = re.compile(r".* with less protection \((.*)\)\. @encrypt on")
_CLOSED_FOR = re.compile(r"These people can read the room beside you: (.*)")
_NUMBER = re.compile(CANARY.encode() + rb" (\d+)\.")

counts: Counter[str] = Counter()
"""How often everything really happened, over all programs of this process."""


@dataclass
class Line:
    """A canary.

    Attributes:
        author: who typed it, in which home.
        is_open: its person said that it may leave in plain text.
        needs_yes: it was typed where the person had to look at something first.
        is_gone: its person took it back.
        readers: for whom it was sealed.
        passphrases: its author wanted its readers to have typed one of these; without any where that did not matter.
        seals: how often it was.
        was_read: somebody else opened it.
        shown: how often as sealed, by home.
    """

    text: str
    author: "Beliefs"
    where: Conversation
    is_open: bool
    needs_yes: bool
    is_gone: bool = False
    readers: set[str] = field(default_factory=set)
    passphrases: set[str] = field(default_factory=set)
    seals: int = 0
    was_read: bool = False
    shown: Counter[tuple[str, int]] = field(default_factory=Counter)


@dataclass
class Slot:
    """A name on a list and who is meant; empty until the first key of that name is used."""

    people: set[str]

    def means(self, person: str) -> bool:
        """Return whether a person is meant; the first one is."""
        if not self.people:
            self.people.add(person)
        return person in self.people


@dataclass
class Roll:
    """Whom one person put on the list of one conversation: now, and ever."""

    current: dict[str, Slot] = field(default_factory=dict)
    ever: list[tuple[str, Slot]] = field(default_factory=list)

    def add(self, name: str, people: set[str]) -> None:
        """Put somebody on."""
        self.current[fold(name)] = slot = Slot(set(people))
        self.ever.append((fold(name), slot))

    def has(self, name: str, person: str, *, is_current: bool) -> bool:
        """Return whether somebody of this name is on it."""
        if is_current:
            return name in self.current and self.current[name].means(person)
        return any(listed == name and slot.means(person) for listed, slot in self.ever)


@dataclass
class Beliefs:
    """What one person holds true, in one home.

    Attributes:
        announced: who can read, as this client said so, and how it called their key.
        warned: of whom another key was told.
        pins: whom each name stands for, since a first key of it was used; any first one does where none was.
        verified: whom a name was compared to be.
        looked: whose number was shown last.
        plain: where plain text was ordered, and nothing else since.
        secret: where something else than plain text was ever shown to be what will happen.
        passphrases: typed for a conversation; who reads there must have typed one of them too.
        follows: whose list counts, where one does.
        offers: what goes along with an `@encrypt on`.
        out: by whom somebody was taken out, as it was told: of an owner's doing only an owner's order makes an end.
        weaker: where weaker terms were gone along with.
        is_new: the home began without memory.
    """

    me: str
    client: Watched
    number: int
    announced: dict[Conversation, dict[str, str]] = field(default_factory=dict)
    warned: set[str] = field(default_factory=set)
    pins: dict[str, set[str]] = field(default_factory=dict)
    verified: dict[str, str] = field(default_factory=dict)
    ever_verified: set[tuple[str, str]] = field(default_factory=set)
    looked: dict[str, str] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)
    plain: set[Conversation] = field(default_factory=set)
    secret: set[Conversation] = field(default_factory=set)
    passphrases: dict[Conversation, set[str]] = field(default_factory=dict)
    follows: dict[Conversation, set[str]] = field(default_factory=dict)
    offers: dict[Conversation, tuple[str, str]] = field(default_factory=dict)
    out: dict[Conversation, set[tuple[str, str]]] = field(default_factory=dict)
    weaker: set[Conversation] = field(default_factory=set)
    is_new: bool = False

    @property
    def name(self) -> str:
        """The folded name."""
        return fold(self.client.name)

    def copy(self) -> "Beliefs":
        """Return the same beliefs, of the same client, that change by themselves."""
        kept = {one.name: deepcopy(getattr(self, one.name)) for one in fields(self) if one.name != "client"}
        return Beliefs(client=self.client, **kept)

    def told(self, note: Note) -> None:
        """Take a line that was shown."""
        where, text = note.conversation, note.text
        if match := _WARNED.match(text):
            self.warned.add(fold(match[1]))
        if where is None:
            return
        readers = self.announced.setdefault(where, {})
        if match := _ADDED.match(text):
            readers[fold(match[1])] = match[2]
        elif match := _TAKEN.match(text):
            readers.pop(fold(match[1]), None)
            self.out.setdefault(where, set()).add((fold(text.split()[0]), fold(match[1])))
        elif _BEGUN.match(text):
            readers.clear()
        elif match := _ENTERED.match(text):
            readers.clear()
            readers.update({fold(name): "" for name in (match[1] or match[2]).split(", ")})
        elif match := _MORE.match(text):
            readers.update({fold(name): "" for name in match[1].split(", ")})
        elif match := _SIGNED.match(text) or _ANOTHER.match(text):
            self.offers[where] = ("owner", fold(match[1]))
        elif match := _LESS.match(text):
            self.offers[where] = ("less", match[1])


class Oracle:
    """Judges every turn of every client.

    Attributes:
        holders: who has the private half of an account key.
        lines: every canary, by number.
        rolls: lists of members, by conversation and who keeps them.
        knows: who typed a passphrase.
        ghost_lines: what the server's own account said, by text, and under which name.
    """

    def __init__(self) -> None:
        self.holders: dict[bytes, str] = {}
        self.lines: list[Line] = []
        self.by_id: dict[str, Line] = {}
        self.by_text: dict[str, Line] = {}
        self.rolls: dict[tuple[Conversation, str], Roll] = {}
        self.knows: dict[str, set[str]] = {}
        self.homes_of: Counter[str] = Counter()
        self.ghost_lines: dict[str, str] = {}

    # ------------------------------------------------------------------------------------------ what people type

    def typed(self, who: Beliefs, where: Conversation, request: Spoken) -> None:
        """Somebody types a line, and has seen what the prompt says."""
        posture = who.client.session.posture(where)
        self._check_posture(who, where, posture)
        is_open = posture is Posture.PLAIN
        line = Line(request.text or "", who, where, is_open, posture is Posture.HELD)
        self.lines.append(line)
        self.by_text[line.text] = self.by_id[request.id or ""] = line
        counts[f"line {posture.value}"] += 1

    def _check_posture(self, who: Beliefs, where: Conversation, posture: Posture) -> None:
        if posture is Posture.PLAIN:
            never_sealed = where == ROOM and ROOM not in who.secret
            assert where in who.plain or never_sealed, f"{who.me} speaks plainly in {where.in_words} without an order"
        else:
            who.plain.discard(where)
            who.secret.add(where)

    # ------------------------------------------------------------------------------------------ what comes of it

    def turn(self, who: Beliefs, outcome: Outcome) -> None:
        """Judge a turn of a client before anything of it is obeyed."""
        for note in outcome.notes:
            who.told(note)
            if match := _CLOSED_FOR.match(note.text):
                roll = self.rolls.setdefault((ROOM, who.me), Roll())
                for name in match[1].split(", "):
                    roll.add(name, who.pins.get(name.lower(), set()))
        for message in outcome.messages:
            if isinstance(message, Sealed):
                self._sealed(who, message)
        for shown in outcome.shown:
            self.shown(who, shown)
            self.live(who, shown)
        for where in list(who.client.session.desk.talks):
            self._check_posture(who, where, who.client.session.posture(where))

    def _sealed(self, who: Beliefs, message: Sealed) -> None:
        line, where = self.by_id.get(message.request.id or ""), where_said(message.request)
        if line is None:
            return  # of the beginning
        assert where == line.where, f"{line.text} was sealed for {where.in_words}"
        assert not line.is_gone, f"{line.text} left after its person took it back"
        assert not line.needs_yes, f"{line.text} left without the yes it needs"
        group, sealed = who.client.talk(where).group, read_sealed(message.request.sealed or {})
        assert group is not None
        assert sealed is not None
        assert (group.group_id, group.epoch) == (sealed.group_id, sealed.epoch), "another group than the one there is"
        people = {person.folded: self.holders[person.key] for person in map(person_of, group.members.values())}
        assert len(people) == len(group.members), f"a name is there twice, where {line.text} was sealed"
        for name, holder in people.items():
            if (name, holder) != (who.name, who.me):
                self._check_reader(who, where, name, holder)
        self._check_terms(who, where, group, set(people.values()))
        line.readers |= set(people.values())
        line.passphrases |= who.passphrases.get(where, set())
        line.seals += 1
        counts[f"sealed in {where.scope.value}"] += 1

    def _check_reader(self, who: Beliefs, where: Conversation, name: str, holder: str) -> None:
        about = f"{who.me} sealed in {where.in_words} for {holder} as {name}"
        assert name not in who.blocked, f"{about}, who is blocked"
        assert who.verified.get(name, holder) == holder, f"{about}, who was verified as {who.verified.get(name)}"
        if where.scope is Scope.PAIR:
            assert name == where.name, about
            assert holder in who.pins.setdefault(name, {holder}), f"{about}, not {who.pins[name]}"
            return
        called = who.announced.get(where, {}).get(name)
        assert called is not None, f"{about}, who was not announced"
        owners = who.follows.get(where)
        if owners:
            assert any(self._is_listed(who, where, owner, name, holder) for owner in owners), f"{about}, not listed"
        else:
            is_known = holder in who.pins.setdefault(name, {holder})
            assert is_known or called == "changed" or name in who.warned, f"{about}, by another key without a word"

    def _is_listed(self, who: Beliefs, where: Conversation, owner: str, name: str, holder: str) -> bool:
        roll = self.rolls.get((where, owner))
        if owner == GHOST or roll is None or holder == owner:
            return True
        is_current = who.me == owner and not who.is_new and self.homes_of[owner] == 1
        is_current = is_current or (fold(owner), name) in who.out.get(where, set())
        return roll.has(name, holder, is_current=is_current)

    def _check_terms(self, who: Beliefs, where: Conversation, group: Group, readers: set[str]) -> None:
        if group.suite.number != HYBRID and GHOST not in readers:
            assert where in who.weaker, f"{where.in_words} is sealed more weakly than everybody there can"

    def shown(self, who: Beliefs, shown: Shown) -> None:
        """Judge a message that is shown, live or from a page of history."""
        counts[f"shown {shown.mark.value}"] += 1
        text, sender = shown.notice.text, fold(shown.notice.sender)
        assert text is None or shown.notice.sealed is None, f"a text beside what is sealed: {shown}"
        assert shown.mark is not Mark.UNREADABLE or text is None, f"unreadable, and shown: {shown}"
        if shown.mark not in (Mark.SEALED, Mark.NEW_KEY):
            assert not shown.is_verified, shown
            return
        holder = self._author_shown(who, shown)
        if holder is None:
            return
        if shown.mark is Mark.SEALED and holder != who.me:
            assert holder in who.pins.setdefault(sender, {holder}), f"{holder} is shown to {who.me} as {sender}"
        if shown.is_verified:
            assert (sender, holder) in who.ever_verified, f"{sender} is shown to {who.me} as verified, and is {holder}"
            counts["shown verified"] += 1

    def _author_shown(self, who: Beliefs, shown: Shown) -> str | None:
        """Return who really said what is shown; None for the words of the beginning."""
        text, sender = shown.notice.text or "", fold(shown.notice.sender)
        if text == "hello":
            return None
        if text in self.ghost_lines:
            assert sender == self.ghost_lines[text], f"the server's words are shown as {sender}'s"
            counts[f"shown the server's as {shown.mark.value}"] += 1
            return GHOST
        line = self.by_text.get(text)
        assert line is not None, f"nobody said this under seal: {shown}"
        assert line.seals, f"it was never sealed: {shown}"
        assert sender == line.author.name, f"{line.text} of {line.author.me} is shown as {sender}'s"
        is_here = line.where.scope is not Scope.PAIR or who.me == line.author.me
        expected = line.where if is_here else Conversation.pair(line.author.name)
        assert where_heard(shown.notice, who.client.name) == expected, f"{line.text} is shown in another place: {shown}"
        assert is_here or line.where.name == who.name, f"{line.text} is shown to {who.me}"
        self.read(line, who.me)
        return line.author.me

    def live(self, who: Beliefs, shown: Shown) -> None:
        """Note a message that is shown as new: no more often than it was sealed."""
        line = self.by_text.get(shown.notice.text or "")
        if line is not None and shown.mark in (Mark.SEALED, Mark.NEW_KEY):
            line.shown[who.name, who.number] += 1
            assert line.shown[who.name, who.number] <= line.seals, f"{line.text} is shown more often than it was said"

    def read(self, line: Line, reader: str) -> None:
        """Somebody opened a line."""
        assert reader in line.readers, f"{reader} reads {line.text} of {line.author.me} in {line.where.in_words}"
        knowing = set().union(*(self.knows[one] for one in line.passphrases))
        assert not line.passphrases or reader in knowing, f"{reader} reads {line.text} without its passphrase"
        if reader != line.author.me:
            line.was_read = True
            counts["read by the server's account" if reader == GHOST else "read by another"] += 1

    def opened_by_ghost(self, text: str) -> None:
        """Judge what the server's own account opened, with any key it ever had."""
        if text in self.by_text:
            self.read(self.by_text[text], GHOST)

    def passed(self, payloads: list[bytes]) -> None:
        """Judge what passed the server: no secret line in any form."""
        for payload in payloads:
            if any(form in payload for form in CANARY_FORMS):
                numbers = [int(number) for number in _NUMBER.findall(payload)]
                assert numbers, f"a line passed in another form: {payload[:200]!r}"
                for number in numbers:
                    line = self.lines[number]
                    assert line.is_open, (
                        f"{line.text} for {line.where.in_words} passed in plain text: {payload[:200]!r}"
                    )
                counts["passed in plain text"] += 1
