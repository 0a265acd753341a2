"""Bugs that are to be seen from outside: `python -m fuzz live` finds each, in few messages."""

from tests.planted.copying import Bug

FOUND_BY = ("tests/end_to_end/test_fuzz_live.py::test_our_server_is_what_it_says",)

BUGS = (
    Bug(
        "another refusal code than the protocol's",
        "reactor_chat/chat/decisions.py",
        'return Refused("bad_group_name",',
        'return Refused("bad_name",',
        FOUND_BY,
    ),
    Bug(
        "a length that comes alone is lost",
        "reactor_chat/wire/framing.py",
        "        self._buffer += data\n",
        "        self._buffer += data if len(data) != LENGTH_BYTES else bytes(0)\n",
        FOUND_BY,
    ),
    Bug(
        "a request sent again under its id is carried out again",
        "reactor_chat/chat/hub.py",
        "            if outcome is not None:\n                return self._answer_now",
        "            if outcome is not None and outcome.code is not None:\n                return self._answer_now",
        FOUND_BY,
    ),
)
