"""Records go into the journal and come back; a page of history fits a frame; what is not ours is said so."""

import pytest

from reactor_chat.chat.state.chat_state import ChatState
from reactor_chat.chat.state.records import Entered, Record
from reactor_chat.errors import StorageCorrupt, StorageFull
from reactor_chat.journal.memory import MemoryJournal
from reactor_chat.journal.reports import Appended, Entry, Full, Overtaken, Report
from reactor_chat.server.record_log import RecordLog, record_of, records_of
from reactor_chat.wire.codec import encode
from reactor_chat.wire.messages import SEQ_MAX, Exited, Said
from tests.server.world import LateJournal, TroubledJournal

EVERYTHING = [("said", 0, SEQ_MAX)]


def said(seq: int, text: str = "x") -> tuple[Record, tuple[str, ...]]:
    return Said(seq, seq, "Ann", text), ("said",)


def filled(count: int, text: str = "x") -> RecordLog:
    record_log = RecordLog(MemoryJournal())
    record_log.append([(Entered(1, 1, "Ann"), ("presence",))])
    record_log.append([said(seq, text) for seq in range(2, count + 2)])
    committed(record_log)
    return record_log


def committed(record_log: RecordLog) -> Report | None:
    record_log.submit()
    return record_log.report()


def test_a_commit_takes_everything_that_was_collected() -> None:
    record_log = RecordLog(MemoryJournal())
    assert not record_log.can_submit
    record_log.append([said(1), said(2)])
    record_log.append([said(3)])
    assert record_log.can_submit
    assert record_log.journal.head == 0
    assert committed(record_log) == Appended(3)
    assert record_log.is_settled
    assert record_log.report() is None
    assert record_log.spoken == 3
    assert sorted(record_log.written) == [1, 2, 3]
    assert [row.seq for row in record_log.journal.newest(EVERYTHING, None, 9)] == [3, 2, 1]


def test_what_did_not_fit_is_not_tried_again() -> None:
    def full(count: int) -> None:
        if count == 1:
            raise StorageFull("full")

    record_log = RecordLog(TroubledJournal(full))
    record_log.append([said(1)])
    report = committed(record_log)
    assert isinstance(report, Full)
    assert str(report.error) == "full"
    assert record_log.is_settled
    record_log.append([said(1, "another")])
    assert committed(record_log) == Appended(1)
    assert record_of(1, record_log.written[1]) == Said(1, 1, "Ann", "another")


def test_while_the_journal_has_not_reported_more_is_collected_and_not_submitted() -> None:
    journal = LateJournal()
    record_log = RecordLog(journal)
    record_log.append([said(1)])
    record_log.submit()
    record_log.append([said(2)])
    assert record_log.report() is None
    assert not record_log.can_submit
    assert not record_log.is_settled
    assert record_log.pending_bytes == 2 * len(encode(said(1)[0]))
    journal.answer()
    assert record_log.report() == Appended(1)
    assert record_log.can_submit
    assert record_log.pending_bytes == len(encode(said(2)[0]))
    assert (record_log.spoken, sorted(record_log.written)) == (1, [1])


def test_what_others_wrote_takes_the_place_of_all_that_was_collected() -> None:
    journal = LateJournal()
    record_log = RecordLog(journal)
    record_log.append([said(1)])
    record_log.submit()
    record_log.append([said(2)])
    journal.write_first([said(1, "theirs")[0]])
    report = record_log.report()
    assert isinstance(report, Overtaken)
    assert records_of(report.rows) == [said(1, "theirs")[0]]
    assert record_log.is_settled
    assert record_log.pending_bytes == record_log.spoken == 0
    assert sorted(record_log.written) == [1]


def test_a_new_state_is_the_old_one_with_and_without_a_snapshot() -> None:
    record_log = filled(20)
    state = ChatState()
    assert record_log.recover(state) == 21
    record_log.keep_snapshot(state)
    record_log.append([said(22), (Exited(23, 23, "Ann"), ("presence",))])
    committed(record_log)
    whole, short = ChatState(), ChatState()
    assert RecordLog(record_log.journal).recover(short) == 2
    for row in record_log.journal.replay():
        whole.apply(record_of(row.seq, row.payload))
    assert whole.hash() == short.hash()
    assert short.seq == 23


@pytest.mark.parametrize("payload", [b"", b"\xff", b"{}", b"null", b'{"type":"said"}', b'{"type":"pong"}'])
def test_an_entry_that_is_none_of_ours_is_named(payload: bytes) -> None:
    journal = MemoryJournal()
    journal.commit([Entry(1, payload)])
    with pytest.raises(StorageCorrupt, match="Entry 1 "):
        RecordLog(journal).recover(ChatState())


def test_a_snapshot_that_is_none_of_ours_is_named() -> None:
    record_log = filled(3)
    record_log.journal.keep_snapshot(2, b"{}")
    with pytest.raises(StorageCorrupt):
        record_log.recover(ChatState())


@pytest.mark.parametrize(("count", "limit", "got", "more"), [
    (0, 5, 0, False), (4, 5, 4, False), (5, 5, 5, False), (6, 5, 5, True), (6, 1, 1, True), (1, 1, 1, False),
])  # fmt: skip
def test_a_page_holds_the_newest_and_says_whether_there_are_more(
    count: int, limit: int, got: int, more: object
) -> None:
    messages, older = filled(count).page(EVERYTHING, None, limit, 65_000)
    assert ([message.seq for message in messages], older) == (list(range(count + 2 - got, count + 2)), more)


def test_pages_follow_each_other_without_gap_or_repeat() -> None:
    record_log, found, before = filled(50, "y" * 1_000), list[int](), None
    for _ in range(60):
        messages, more = record_log.page(EVERYTHING, before, 200, 5_000)
        assert sum(len(record_log.written[message.seq]) + 1 for message in messages) <= 5_000
        found = [message.seq for message in messages] + found
        before = found[0]
        if not more:
            break
    assert found == list(range(2, 52))


def test_one_message_longer_than_a_page_comes_alone() -> None:
    messages, more = filled(3, "z" * 9_000).page(EVERYTHING, None, 50, 5_000)
    assert (len(messages), more) == (1, True)
