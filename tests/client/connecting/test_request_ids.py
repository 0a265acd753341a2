"""Request ids: each once, and all of a run known by how they begin."""

from reactor_chat.client.connecting.request_ids import RequestIds


def test_each_is_given_once_and_begins_like_all_of_its_run() -> None:
    request_ids = RequestIds("run")
    given = [request_ids.fresh() for _ in range(1_000)]
    assert len(set(given)) == 1_000
    assert all(one.startswith(request_ids.beginning) for one in given)
    assert not RequestIds("run1").fresh().startswith(request_ids.beginning), "another run's are others"
