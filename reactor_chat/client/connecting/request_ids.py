"""The ids of one run's requests: each is given once, and no other run of any client gives it."""


class RequestIds:
    """Gives them.

    Args:
        prefix: makes them unique among all runs of all clients; 1 to 40 characters, from fresh entropy.

    Attributes:
        beginning: of every id of this run.
    """

    def __init__(self, prefix: str) -> None:
        self.beginning = f"{prefix}-"
        self._given = 0

    def fresh(self) -> str:
        """Return one that nobody ever gave."""
        self._given += 1
        return f"{self.beginning}{self._given}"
