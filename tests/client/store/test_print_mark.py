"""The note of what was printed: one name at a time, there again after a kill."""

from contextlib import closing
from pathlib import Path

from reactor_chat.client.store.print_mark import Printed, PrintMark


def test_it_is_there_again_and_never_another_names(tmp_path: Path) -> None:
    with closing(PrintMark(tmp_path / "mark")) as mark:
        assert mark.read() == Printed("", 0)
        mark.begin("ann")
        mark.move(7)
    with closing(PrintMark(tmp_path / "mark")) as mark:
        assert mark.read() == Printed("ann", 7)
        mark.begin("bob")
        assert mark.read() == Printed("bob", 0)
