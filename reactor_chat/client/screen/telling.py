"""What the terminal is told beside what it shows: the bell, notifications, and the title of its window."""

from collections.abc import Mapping

from reactor_chat.client.osc.notifications import BELL, Form, envelope_of, form_of, knows_links, notification
from reactor_chat.client.osc.sequences import TITLE_KEEP, TITLE_RESTORE, Envelope, title, title_text
from reactor_chat.client.transcript.transcript import Alert, Transcript


class Telling:
    """Tells one terminal.

    Args:
        form: of notifications.
        envelope: what stands between us and the terminal.
        rings: the bell is wanted.
        shows_links: the terminal may be told of links.
    """

    def __init__(
        self,
        form: Form = Form.OFF,
        envelope: Envelope = Envelope.NONE,
        *,
        rings: bool = True,
        shows_links: bool = True,
    ) -> None:
        self.shows_links = shows_links
        self._form = form
        self._envelope = envelope
        self._rings = rings
        self._title = ""

    def begin(self) -> bytes:
        """Return what is told first."""
        self._title = ""
        return TITLE_KEEP

    def end(self) -> bytes:
        """Return what is told last."""
        return TITLE_RESTORE

    def alert(self, alert: Alert) -> bytes:
        """Return what tells of something that is for the person."""
        bell = BELL if self._rings else b""
        return bell + notification(alert.title, alert.text, self._form, self._envelope)

    def titled(self, transcript: Transcript) -> bytes:
        """Return what gives the window its title; nothing, where it has it."""
        windows = transcript.windows.values()
        unread, for_me = sum(one.unread for one in windows), sum(one.mentions for one in windows)
        text = title_text(transcript.open.title, unread, for_me)
        if text == self._title:
            return b""
        self._title = text
        return title(text)


def telling_of(environ: Mapping[str, str], form: str = "auto", *, rings: bool = True) -> Telling:
    """Return what tells the terminal that the environment describes.

    Args:
        environ: the environment.
        form: of notifications, as `client.toml` names it.
        rings: the bell is wanted.
    """
    shows_links = knows_links(environ)
    return Telling(form_of(environ, form), envelope_of(environ), rings=rings, shows_links=shows_links)
