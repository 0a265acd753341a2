"""What everyone must have heard, told from the journal alone: the judge of transcripts."""

from pathlib import Path
from random import Random

import msgspec

from reactor_chat.chat.state.records import Entered, GroupAltered, Record, notice_of
from reactor_chat.journal.sqlite.sqlite_journal import SqliteJournal
from reactor_chat.server.record_log import record_of
from reactor_chat.wire import codec
from reactor_chat.wire.messages import Exited, GroupSaid, Told
from tests.end_to_end.client import Object
from tests.end_to_end.returning import Returning

GROUPS = ("red", "blue", "green")


class Story:
    """The records of a journal, and who was to hear each."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.told: list[tuple[Object | None, set[str] | None]] = []
        self._members: dict[str, set[str]] = {}

    def read(self, directory: Path) -> "Story":
        """Read on from where the last look ended."""
        journal = SqliteJournal(directory)
        for row in journal.replay(len(self.records)):
            record = record_of(row.seq, row.payload)
            notice = notice_of(record)
            as_told = None if notice is None else msgspec.json.decode(codec.encode(notice))
            self.told.append((as_told, self._audience(record)))
            self.records.append(record)
        journal.close()
        return self

    def _audience(self, record: Record) -> set[str] | None:
        """Names of those who are told; None for everyone."""
        if isinstance(record, Told):
            return {record.to, record.sender}
        if isinstance(record, GroupSaid):
            return self._members[record.group]
        if isinstance(record, GroupAltered):
            before, after = self._members.get(record.group, set()), set(record.members or [])
            self._members[record.group] = after
            return before | after
        return None

    def for_(self, name: str) -> list[Object]:
        """What somebody with a claimed name is to hear who was there from the first number on."""
        own = {record.seq for record in self.records if isinstance(record, Entered | Exited) and record.name == name}
        return [
            notice
            for notice, audience in self.told
            if notice is not None and notice["seq"] not in own and (audience is None or name in audience)
        ]

    def check(self, client: Returning, checked: int = 0) -> None:
        """Everything that somebody was shown since `checked` notices, or told is accepted, is there as it was shown."""
        for notice in client.heard[checked:]:
            assert notice["seq"] <= len(self.told), f"{client.name} was shown {notice}, which is lost"
            assert self.told[notice["seq"] - 1][0] == notice, f"{client.name} was shown {notice}, which differs"
        for request, (kind, seq) in zip(client.requests, client.outcomes, strict=False):
            if kind == "accepted":
                assert seq <= len(self.records), f"{client.name}: {request} was accepted as {seq} and is lost"
                assert getattr(self.records[seq - 1], "id", None) == request["id"]

    def check_whole(self, client: Returning) -> None:
        """Somebody whose requests are all answered heard exactly what was to be heard, once and in order."""
        self.check(client)
        last = max((seq for kind, seq in client.outcomes if kind == "accepted"), default=0)
        expected = self.for_(client.name)
        assert client.heard == expected[: len(client.heard)], f"{client.name}'s transcript is not the journal's"
        missing = [notice for notice in expected[len(client.heard) :] if notice["seq"] <= last]
        assert not missing, f"{client.name} missed {missing[:3]}"
        ids = [notice["id"] for notice in expected if notice.get("from") == client.name]
        assert len(ids) == len(set(ids)), "something was said twice"


def ask_something(client: Returning, names: list[str], chance: Random) -> None:
    """Have somebody want one more thing, of any kind."""
    number, other, group = len(client.requests), chance.choice(names), chance.choice(GROUPS)
    text = f"{client.name} {number} " + "é" * chance.choice((0, 3, 40, 400))
    dice = chance.random()
    if dice < 0.6:
        client.ask("say", text=text)
    elif dice < 0.75:
        client.ask("tell", to=other, text=text)
    elif dice < 0.87:
        client.ask("group_send", group=group, text=text)
    elif dice < 0.9:
        client.ask("group_set", group=group, members=chance.sample(names, 2))
    elif dice < 0.95:
        client.ask("group_add", group=group, users=[other])
    elif dice < 0.98:
        client.ask("group_kick", group=group, user=other)
    else:
        client.ask(chance.choice(("group_leave", "group_delete")), group=group)
