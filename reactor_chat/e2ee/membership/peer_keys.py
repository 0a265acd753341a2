"""Packages of others: taken from the server only if they are signed by the key that we know as theirs, or first see."""

from reactor_chat.e2ee.boundary import NoteKind
from reactor_chat.e2ee.identity import knows_better_suite, person_of, suites
from reactor_chat.e2ee.membership.calendar import day_of
from reactor_chat.e2ee.packages import reference_of
from reactor_chat.e2ee.state.desk import Desk
from reactor_chat.e2ee.state.own_commit import Fetched
from reactor_chat.e2ee.trust.trust_book import NAMES_MAX, Known, Trust
from reactor_chat.errors import LifetimeRefused, MlsError, MlsRefused
from reactor_chat.mls.keypackage import read_key_package
from reactor_chat.mls.messages import KeyPackage
from reactor_chat.mls.suites import suite as suite_of
from reactor_chat.wire.messages import PublishedKey, fold

_REASONS = "the server changed it, or the clock of one of you is wrong"


class PeerKeys:
    """Keys and packages of others.

    Args:
        desk: what all conversations share.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def checked(self, published: PublishedKey, suite: int) -> Fetched | None:
        """Return a package by which somebody may be let in; None where it may not be used, which was told the person.

        Args:
            published: as the server gave it.
            suite: it must be for.
        """
        try:
            package = self._read(published, suite)
            is_usable = self.see(person_of(package.leaf_node).name, published.account)
        except LifetimeRefused as error:
            self._desk.note(NoteKind.ALARM, _clocks_in_words(published.name, error))
            return None
        except MlsError:
            self._desk.note(NoteKind.ALARM, f"{published.name}'s key is not valid; {_REASONS}. It is not used")
            return None
        return Fetched(package, published.reference) if is_usable else None

    def see(self, name: str, key: bytes) -> bool:
        """Take note of somebody's key and tell the person what is new about it; return whether it may be used.

        Args:
            name: as its holder spells it.
            key: the account key, 32 bytes.

        Raises:
            MlsRefused: no key can be like this.
        """
        before = self._desk.trust.look_up(name)
        if before is None and self._desk.trust.is_full:
            self._desk.note(NoteKind.ALARM, f"Too many known names ({NAMES_MAX}); {name}'s key was not saved")
            return False
        known = self._desk.trust.see(name, key, self._desk.wall_ms)
        if known.state is Trust.CHANGED and _is_news(before, known):
            self._desk.note(NoteKind.ALARM, change_in_words(known))
        elif before is not None and not before.key and known.key:
            self._desk.note(NoteKind.NEWS, f"The key of {known.name} is the one in your invitation: verified ✓")
        return self._desk.trust.is_usable(name, key)

    def _read(self, published: PublishedKey, suite: int) -> KeyPackage:
        package = read_key_package(published.package, now=self._desk.wall_ms // 1000)
        person = person_of(package.leaf_node)
        if package.cipher_suite != suite or reference_of(published.package) != published.reference:
            raise MlsRefused("a package is not the one that was asked for")
        if person.folded != fold(published.name) or person.key != published.account:
            raise MlsRefused("a package is somebody else's")
        best = suites()[0]
        if suite != best and knows_better_suite(package.leaf_node, suite):
            raise MlsRefused("somebody's better packages are kept from us")
        scheme = suite_of(suite)
        for key in (package.init_key, package.leaf_node.encryption_key):  # an unusable one would spoil a whole commit
            scheme.encrypt_with_label(key, b"trial", b"", b"", self._desk.random)
        return package


def _clocks_in_words(name: str, error: LifetimeRefused) -> str:
    """Return which clocks disagree: that keys are not valid yet, or not any more, is mostly a clock's fault."""
    held = f"{name}'s keys are for {day_of(error.not_before)} to {day_of(error.not_after)}"
    return f"Your clock says {day_of(error.now)}, and {held}: {name} cannot be let in until your clocks agree"


def _is_news(before: Known | None, known: Known) -> bool:
    """Return whether a person must hear of the key on offer.

    Of the first; of a later one, where the person looked at the one before, or decided.  A server that shows another
    one each time makes one alarm, not one each time.
    """
    if before is None or not before.offered:
        return bool(known.offered)
    return before.offered != known.offered and before.shown == before.offered


def change_in_words(known: Known) -> str:
    """Return what a person must know about a key that changed."""
    was = (
        "the key you verified" if known.is_verified else "the key known so far" if known.key else "your invitation says"
    )
    todo = f"Compare with @verify {known.name}, then @trust accept {known.name}"
    return f"{known.name} has another key than {was}; nothing is encrypted for it until you decide. {todo}"
