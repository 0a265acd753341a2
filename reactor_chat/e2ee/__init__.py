"""What a client does with MLS: whose key it is, who is let in, what may leave, and what is said when that is in doubt.

This package knows conversations, keys and people; it must not know sockets, files, clocks or how a line is shown.  Its
store is a contract (`store`), its time and entropy are arguments, and everything it wants done is an `Outcome`.

Where to read: `boundary` says what goes in and out, `session` is the face an engine talks to.
"""
