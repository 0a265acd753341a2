"""When names were claimed and their owners seen: from the records, with and without a snapshot."""

from reactor_chat.chat.state.attendance import Attendance, Seen


def test_claimed_once_and_seen_last() -> None:
    attendance = Attendance()
    attendance.granted("Ann", 5)
    assert attendance.of("ANN") == Seen("ann", 5, 0)
    attendance.seen("aNN", 7)
    attendance.seen("Bob", 9)
    attendance.seen("Bob", 11)
    assert attendance.dump() == [Seen("ann", 5, 7), Seen("bob", 9, 11)]
    again = Attendance()
    again.load(attendance.dump())
    attendance.forget("Ann")
    attendance.forget("Nobody")
    assert attendance.of("Ann") is None
    assert again.of("Ann") == Seen("ann", 5, 7)
