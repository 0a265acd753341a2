"""A result says what follows from it: what was lost, and when the generator measured itself."""

import json

from reactor_chat.load.report import Deliveries, LoginTimes, Result, ServerUsage, as_json, as_text, shown_time

TIMES = {"p50": 100.0, "p90": 200.0, "p99": 300.0, "p99.9": 400.0, "max": 1_500.0}


def result(delivered: int = 1_000, share: float = 0.5) -> Result:
    told = Deliveries(10, 1_000, delivered, 0, 0, 2.0, TIMES, TIMES)
    server = ServerUsage(1, 2.0, 0.5, 0.1, 1_024, 2_048, 4_096)
    return Result("fanout", "100 clients", 101, LoginTimes(101, 0.5), told, server, share)


def test_a_whole_result_has_no_warning() -> None:
    text = as_text(result())
    assert "1,000 of 1,000: 0 lost, 0 twice, 0 out of order" in text
    assert "500 deliveries a second" in text
    assert "p99.9 400 µs  max 1.50 ms" in text
    assert "!" not in text


def test_what_is_wrong_is_said() -> None:
    assert "Not every message came" in as_text(result(delivered=999))
    assert "generator was the bottleneck" in as_text(result(share=0.9))


def test_json_holds_what_text_holds() -> None:
    flat = json.loads(as_json(result(delivered=990)))
    assert (flat["lost"], flat["deliveries_per_second"], flat["messages_per_second"]) == (10, 495.0, 5.0)
    assert (flat["server_cpu_share"], flat["deliveries_per_cpu_second"]) == (0.25, 1_980.0)
    assert flat["rss_bytes_per_connection"] == 1_024 * 1_024 / 101
    assert flat["is_complete"] is flat["generator_is_bottleneck"] is False


def test_times_have_the_unit_that_reads_best() -> None:
    assert [shown_time(us) for us in (7, 999, 1_000, 2_500_000)] == ["7 µs", "999 µs", "1.00 ms", "2.50 s"]
