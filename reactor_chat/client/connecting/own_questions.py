"""What a client asks the server of its own accord, and whose answers nobody sees as they are.

After a login these are: who is here and what was said last, for the greeting; names and groups, for completion; and a
ping.  By that one a guest learns the fate of its doubtful messages: `login` with `after` makes the server replay what
everyone may see, and the answer to the ping sent behind it says that the replay is over.  What turned up was delivered.
"""

from msgspec import structs

from reactor_chat.client.boundary import Arrived, OutputCollector, Settings
from reactor_chat.client.connecting.link import Link
from reactor_chat.client.connecting.request_ids import RequestIds
from reactor_chat.client.greeting import LINES_MAX, Greeting
from reactor_chat.wire.messages import AskGroups, AskHistory, AskNames, Ping

OwnQuestion = AskHistory | AskNames | AskGroups | Ping
"""Whatever a client asks for itself."""


class OwnQuestions:
    """The questions of one client; those that are open are noted in the link, and end with it.

    Args:
        settings: of the engine.
        outputs: where the greeting is shown.
        request_ids: of the engine.
    """

    def __init__(self, settings: Settings, outputs: OutputCollector, request_ids: RequestIds) -> None:
        self._settings = settings
        self._request_ids = request_ids
        self._greeting = Greeting(outputs)

    def ask(self, question: OwnQuestion, link: Link) -> str:
        """Send a question under an id of its own, which is returned."""
        question = structs.replace(question, id=self._request_ids.fresh())
        assert question.id is not None
        link.hidden_ids.add(question.id)
        link.send(question)
        return question.id

    def ask_for_end_of_replay(self, link: Link) -> None:
        """Have the server say when everything that was missed has come, where the login asked for it."""
        if link.replays:
            link.replay_end_id = self.ask(Ping(), link)

    def ask_who_is_here(self, link: Link, *, is_first: bool) -> None:
        """Ask for what the person is told at the first login of a run, and at each for what can be completed."""
        if self._settings.greets and is_first:
            if not link.replays:
                self._greeting.history_id = self.ask(AskHistory(LINES_MAX), link)
            self._greeting.names_id = self.ask(AskNames(), link)
        if self._settings.curious:
            self.ask(AskNames(), link)
            self.ask(AskGroups(), link)

    def heard(self, arrived: Arrived, me: str) -> None:
        """Take an answer to one of them; `me` is one's own name."""
        self._greeting.heard(arrived, me)

    def concluded(self, request_id: str | None, link: Link) -> bool:
        """Note the last answer to one of them; return whether it says that everything that was missed has come."""
        if request_id is None:
            return False
        link.hidden_ids.discard(request_id)
        if request_id != link.replay_end_id:
            return False
        link.replay_end_id = None
        return True
