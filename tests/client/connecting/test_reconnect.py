"""Without a connection: what is said once, and when to give up."""

from reactor_chat.client.boundary import ExitStatus, Note, OutputCollector, Settings
from reactor_chat.client.connecting.link import CHECK, Link
from reactor_chat.client.connecting.reconnect import Reconnect
from reactor_chat.client.connecting.states import State

SETTINGS = Settings("Ann", "here", interactive=False, id_prefix="x")


def said(outputs: OutputCollector) -> list[str]:
    return [item.text for item in outputs.take(b"").shown if isinstance(item, Note)]


def test_a_person_hears_of_it_at_first_when_it_lasts_and_when_it_ends() -> None:
    outputs = OutputCollector()
    reconnect = Reconnect(SETTINGS, lambda: 0.5, outputs)
    reconnect.has_met = True
    assert reconnect.ended(0.0) is None
    assert reconnect.cut(0.0, "gone", State.LIVE, Link(0.0), has_name=True) is None
    assert [reconnect.unreachable(float(now), "gone", CHECK, None) for now in range(1, 12)] == [None] * 11
    assert [words.split(" (")[0] for words in said(outputs)] == ["Connection lost", "Still no connection"]
    assert (reconnect.since, reconnect.ends_by) == (0.0, 60.0)
    assert reconnect.ended(11.0) == 11.0
    assert reconnect.ends_by is None


def test_pauses_are_short_again_after_a_connection_that_lasted_and_only_then() -> None:
    reconnect = Reconnect(SETTINGS, lambda: 1.0, OutputCollector())
    reconnect.has_met = True
    pauses = []
    for lived, was in [(0.0, State.LIVE), (9.9, State.LIVE), (99.0, State.LOGGING_IN), (10.0, State.LIVE)]:
        reconnect.cut(lived, "gone", was, Link(0.0), has_name=True)
        pauses.append(round((reconnect.retry_at or 0.0) - lived, 3))
    assert pauses == [0.5, 1.0, 2.0, 0.5]


def test_who_has_no_name_yet_does_not_come_back_by_itself() -> None:
    outputs = OutputCollector()
    reconnect = Reconnect(SETTINGS, lambda: 0.5, outputs)
    reconnect.has_met = True
    assert reconnect.cut(0.0, "gone", State.LOGGING_IN, Link(0.0), has_name=False) is None
    assert (reconnect.retry_at, reconnect.since, said(outputs)) == (None, None, [])


def test_where_no_server_was_ever_met_nobody_tries_again() -> None:
    reconnect = Reconnect(SETTINGS, lambda: 0.5, OutputCollector())
    assert reconnect.unreachable(0.0, "refused", CHECK, None) == (
        ExitStatus.NO_SERVER,
        f"No server at here (refused). {CHECK}",
    )
    missed = ExitStatus.HOST_UNKNOWN, "Unknown host"
    assert reconnect.unreachable(0.0, "refused", CHECK, missed) == missed
    end = reconnect.cut(0.0, "no frame", State.GREETED, Link(0.0), has_name=True)
    assert end is not None
    assert end[0] is ExitStatus.NO_SERVER
    assert reconnect.retry_at is None
