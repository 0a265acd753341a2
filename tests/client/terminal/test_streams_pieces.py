"""What is queued as one leaves as one, and whoever queued it hears when it has left."""

import os
from functools import partial

from reactor_chat.client.terminal.streams import WRITE_BYTES_MAX, OutputStream
from reactor_chat.reactor.loop import Loop


def test_no_piece_is_torn_and_each_is_told_of_after_it_left() -> None:
    loop = Loop()
    read_end, write_end = os.pipe()
    out = OutputStream(loop, write_end, lambda: None)
    told: list[int] = []
    sizes = [3_000, 1_000, 500, 0, 4_096, 5_000, 1]
    for number, size in enumerate(sizes):
        out.write(b"%d" % number * size, partial(told.append, number))
    pieces = []
    while out.pending_bytes:
        loop.turn()
        pieces.append(len(os.read(read_end, 100_000)))
    assert pieces == [4_000, 500, 4_096, WRITE_BYTES_MAX, 905]
    assert told == [1, 3, 4, 6]
    out.write(b"", lambda: told.append(9))
    assert told[-1] == 9
    loop.close()
    os.close(read_end)
    os.close(write_end)
