"""Who can be in a group that is to be created: those named, and what is known of their keys so far."""

from collections.abc import Iterable

from reactor_chat.wire.messages import fold


class Candidates:
    """The candidates for one conversation.

    Args:
        suite: number of the cipher suite that packages are asked for, the best one first.

    Attributes:
        names: as spelled, of those who should be in it.
        suite: asked for last.
        ready: folded names of those who have packages of it.
        missing: names of those who have none of it.
    """

    def __init__(self, suite: int) -> None:
        self.names: list[str] = []
        self.suite = suite
        self.ready: set[str] = set()
        self.missing: list[str] = []

    def name(self, names: Iterable[str]) -> None:
        """These people should be in it; names as spelled."""
        self.names = list(names)

    def is_ready(self, name: str) -> None:
        """Somebody has a package of the suite that was asked for last; `name` as spelled."""
        self.ready.add(fold(name))

    def lack_keys(self, names: Iterable[str]) -> None:
        """These people have no package of it; names as spelled."""
        self.missing += names

    def try_suite(self, suite: int) -> list[str]:
        """Ask for another suite instead; return whom to ask for."""
        missing, self.missing, self.suite = self.missing, [], suite
        return missing

    @property
    def without_keys(self) -> list[str]:
        """Names, as spelled, of those who cannot be in it."""
        return [name for name in self.names if fold(name) not in self.ready]

    @property
    def with_keys(self) -> list[str]:
        """Names, as spelled, of those who can."""
        return [name for name in self.names if fold(name) in self.ready]
