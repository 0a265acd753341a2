"""One loop on one thread: knows bytes, deadlines and readiness; must not know there is a chat.

A reader may start at `Loop.turn`, the order of everything, and go on with `connection` (one peer), `buffers` (what it
is still owed) and `fanout` (bytes that go to many).  `listener` and `dialer` are where connections come from,
and `tls` is the filter of bytes that one may be given.
"""
