"""Without a connection: what is said once, and when to give up."""

from reactor_chat.client.boundary import Settings
from reactor_chat.client.connecting.reconnect import Reconnect


def test_a_person_hears_of_it_at_first_when_it_lasts_and_when_it_ends() -> None:
    reconnect = Reconnect(Settings("Ann", "here", interactive=False, id_prefix="x"), lambda: 0.5)
    assert reconnect.ended(0.0) is None
    words = [reconnect.failed(float(now), "gone") for now in range(12)]
    assert [word.split(" (")[0] for word in words if word] == ["Connection lost", "Still no connection"]
    assert (reconnect.since, reconnect.ends_by) == (0.0, 60.0)
    assert reconnect.ended(11.0) == 11.0
    assert reconnect.ends_by is None
