"""How far a conversation is in step with the server on this connection; it begins anew with each."""

from reactor_chat.e2ee.state.candidates import Candidates

LOSSES_MAX = 3
"""How often, on one connection, we ask by ourselves to be let in again: each time makes everybody else commit."""


class Sync:
    """What one conversation knows of the server since the last login.

    Attributes:
        current: the replay is over for this conversation.
        listed: the server counts us among the members.
        has_asked: to be let in.
        begins_anew: a person ordered another group in the place of the one there is.
        stalled: group and epoch in which the server takes no messages.
        waits_for: why it is not sealed yet, in words, where that is more than waiting for keys.
        candidates: for a group that is to be created; None while none is.
    """

    def __init__(self) -> None:
        self.current = self.listed = self.has_asked = self.begins_anew = False
        self.stalled: tuple[bytes, int] | None = None
        self.waits_for = ""
        self.candidates: Candidates | None = None
        self._is_told = False
        self._epoch_there: int | None = None
        self._losses = 0

    # ------------------------------------------------------------------------------------------ what the server says

    def catch_up(self) -> None:
        """The replay of this connection is over for this conversation."""
        self.current = True

    def check_again(self) -> None:
        """Nothing more is done before the server was asked once more how it is sealed."""
        self.current = False

    def count(self, *, is_listed: bool, is_waiting: bool, epoch: int | None) -> None:
        """Take what the server counts.

        Args:
            is_listed: us among the members.
            is_waiting: us among those who wait to be let in.
            epoch: that it has; None where it says none.
        """
        self.listed, self._epoch_there = is_listed, epoch
        self.has_asked = self.has_asked or (is_waiting and not is_listed)

    def take_epoch_there(self) -> int | None:
        """Return the epoch that the server told last, once; None where it was compared already."""
        there, self._epoch_there = self._epoch_there, None
        return there

    def claimed_anew(self, *, is_ours: bool) -> None:
        """Somebody sealed it, for the first time or once more; `is_ours`: the server says that it was us."""
        self.has_asked, self.listed, self.candidates, self._epoch_there = False, is_ours, None, None
        self.waits_for = ""

    def came_and_went(self, adds: set[str], removes: set[str], me: str) -> None:
        """Keep up with a commit; all names are folded.

        Args:
            adds: who was let in.
            removes: who was taken out.
            me: our person.
        """
        self.listed = (self.listed and me not in removes) or me in adds

    def created(self) -> None:
        """Our creation is in the journal."""
        self.listed = True

    def stall(self, place: tuple[bytes, int] | None) -> None:
        """The server takes no messages of this group and epoch."""
        self.stalled = place

    # ------------------------------------------------------------------------------------------ what we ask

    def ask_in(self) -> None:
        """We ask to be let in."""
        self.has_asked = True

    def may_ask_in(self) -> None:
        """We may ask to be let in: nobody heard us, or something changed."""
        self.has_asked = False

    def taken_out(self, *, may_ask: bool) -> None:
        """A member took us out; whether we ask by ourselves to be let in again."""
        self.has_asked = not may_ask

    def go_along(self) -> None:
        """A person's order: look at it again, and ask to be let in."""
        self.has_asked = self.current = False

    def ask_in_again(self, *, is_in: bool) -> None:
        """A person's order: whoever is not in may ask once more to be let in."""
        self.has_asked, self._losses = self.has_asked and is_in, 0

    def lose(self, *, is_again: bool) -> bool:
        """We cannot follow any more; return whether that happened too often to ask again.

        Args:
            is_again: we lost the same epoch before.
        """
        self._losses += 1
        gives_up = self._losses > LOSSES_MAX
        self.has_asked = gives_up or is_again
        return gives_up

    # ------------------------------------------------------------------------------------------ creating a group

    def begin_creating(self, suite: int) -> None:
        """Find out who can be in a group of this suite that is to be created."""
        self.candidates = Candidates(suite)

    def end_creating(self) -> None:
        """It was found out, or cannot be."""
        self.candidates = None

    def begin_anew(self) -> None:
        """A person's order: another group in the place of the one there is."""
        self.begins_anew = True

    def end_beginning_anew(self) -> None:
        """The other group is being created."""
        self.begins_anew = False

    # ------------------------------------------------------------------------------------------ what a person is told

    def tell_once(self) -> bool:
        """Return whether the person was not told yet that lines are held, or why."""
        was_told, self._is_told = self._is_told, True
        return not was_told

    def tell_again(self) -> None:
        """Something changed: the next obstacle is news."""
        self._is_told = False

    def wait_for(self, words: str) -> None:
        """Say why it is not sealed yet."""
        self.waits_for = words
