"""What a client does itself and needs no key for: the help on a topic, earlier pages of the history, whom to ignore."""

from collections.abc import Callable

from reactor_chat.client.boundary import Arrived, NoteKind, OutputCollector, Settings
from reactor_chat.client.commands.history_pages import HistoryPages
from reactor_chat.client.commands.ignored import Ignored
from reactor_chat.client.commands.key_map import KeyMap
from reactor_chat.client.commands.keys import ViewKind
from reactor_chat.text import orders
from reactor_chat.text.help_topics import no_page, page
from reactor_chat.wire.messages import AskHistory, HelpAnswer

NO_SUCH_TIME = "That is not a time. Type 14:00, 2026-11-26, or both"


class OwnOrders:
    """Carries them out.

    Args:
        settings: of the engine.
        outputs: where what is to be shown gathers.
        ask: sends a question of ours, whose answer nobody sees, and returns its id.
        show: asks for a page of history that the person is to see.

    Attributes:
        pages: of the history.
    """

    def __init__(
        self,
        settings: Settings,
        outputs: OutputCollector,
        ask: Callable[[AskHistory], str],
        show: Callable[[AskHistory], None],
    ) -> None:
        self.pages = HistoryPages(ask, show)
        self._settings = settings
        self._outputs = outputs
        self._ignored = Ignored(settings.ignored, settings.keep_ignored, tells_all=settings.tells_all)
        outputs.sift = self._ignored.sift

    def ordered(self, order: orders.OwnOrder, me: str, *, has_key: bool) -> None:
        """Do what was typed; `me` is one's own name.

        Raises:
            StorageError: whom to ignore cannot be kept; nothing changed.
        """
        match order:
            case orders.Help():
                self._help(order.topic, has_key=has_key)
            case orders.HistoryMore():
                if (why := self.pages.more()) is not None:
                    self._answer(why)
            case orders.HistoryBefore():
                self._before(order)
            case orders.Ignore():
                self._answer(self._ignored.ignore(order.user, me))
            case orders.Unignore():
                self._answer(self._ignored.unignore(order.user))

    def _help(self, topic: str, *, has_key: bool) -> None:
        keys = self._settings.keys or KeyMap(ViewKind.LINE).help_rows()
        text = page(topic, keys, has_key=has_key)
        if text is None:
            self._answer(no_page(topic, has_key=has_key))
        else:
            self._outputs.show(Arrived(HelpAnswer(text), is_own=True))

    def _before(self, order: orders.HistoryBefore) -> None:
        read = self._settings.moment
        moment_ms = read(order.moment) if read is not None else None
        if moment_ms is None:
            self._answer(NO_SUCH_TIME)
        else:
            self.pages.before(moment_ms, order.with_, order.group)

    def _answer(self, text: str) -> None:
        self._outputs.note(NoteKind.ANSWER, text)
