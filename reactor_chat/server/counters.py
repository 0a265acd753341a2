"""What a server has done since it began, as numbers; counted once for a message or a turn, never once for a reader."""

from collections import Counter


class Counters:
    """Numbers that only grow.

    Attributes:
        connections: taken, and not turned away.
        turned_away: connections that were not taken.
        logins: people who came in, those included who came back by another connection.
        refusals: by code; a request refused and a connection turned away count alike.
        bytes_in: what people sent, without encryption.
        closed: connections that ended, by what the log says of their end.
    """

    def __init__(self) -> None:
        self.connections = 0
        self.turned_away = 0
        self.logins = 0
        self.bytes_in = 0
        self.refusals: Counter[str] = Counter()
        self.closed: Counter[str] = Counter()
