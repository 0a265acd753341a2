"""The disk loses what was not synced and nothing else, and fails when it is told to."""

import errno
from collections.abc import Callable

import pytest

from reactor_chat.testing.disk import Disk, Fate, PowerCut

LEFT = {
    Fate.LOST: b"safe",
    Fate.KEPT: b"safeonetwo",
    Fate.TORN: b"safeone",
    Fate.GARBLED: b"safeonetw\x90",
    Fate.SWAPPED: b"safe\0\0\0two",
}


def written() -> Disk:
    """A file with something safe in it, and two writes that are not."""
    disk = Disk()
    disk.append("f", b"safe")
    disk.sync("f")
    disk.append("f", b"one")
    disk.append("f", b"two")
    return disk


@pytest.mark.parametrize("fate", Fate)
def test_the_power_takes_what_fate_says(fate: Fate) -> None:
    disk = written()
    assert disk.read("f") == b"safeonetwo"
    disk.lose_power(fate)
    assert disk.read("f") == LEFT[fate]
    disk.lose_power(Fate.LOST)
    assert disk.read("f") == LEFT[fate], "what was left is on disk now"


@pytest.mark.parametrize("fate", Fate)
def test_what_was_synced_stays(fate: Fate) -> None:
    disk = written()
    disk.sync("f")
    disk.lose_power(fate)
    assert disk.read("f") == b"safeonetwo"


def test_a_full_disk_takes_a_part_and_says_so() -> None:
    disk = Disk()
    disk.is_full = True
    with pytest.raises(OSError, match="No space") as caught:
        disk.append("f", b"abcd")
    assert caught.value.errno == errno.ENOSPC
    assert disk.read("f") == b"ab"
    disk.truncate("f", 0)
    disk.heal()
    disk.append("f", b"abcd")
    assert disk.read("f") == b"abcd"


@pytest.mark.parametrize("call", range(1, 5))
@pytest.mark.parametrize(("how", "error"), [("fail_at", OSError), ("cut_at", PowerCut)])
def test_the_call_that_is_meant_fails_and_only_that(call: int, how: str, error: type[Exception]) -> None:
    disk = Disk()
    setattr(disk, how, call)
    calls: list[Callable[[], object]] = [
        lambda: disk.append("f", b"x"),
        lambda: disk.sync("f"),
        lambda: disk.truncate("f", 0),
        lambda: disk.replace("f", "g"),
    ]
    for number, one in enumerate(calls, 1):
        if number == call:
            with pytest.raises(error):
                one()
        else:
            one()


def test_a_file_takes_anothers_place() -> None:
    disk = written()
    disk.sync("f")
    disk.replace("f", "g")
    assert (disk.read("f"), disk.read("g")) == (b"", b"safeonetwo")
