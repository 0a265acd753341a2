"""Bugs that are to be seen from outside: `python -m fuzz live` finds each, in few messages."""

from tests.planted.copying import Bug, in_file

FOUND_BY = ("tests/end_to_end/test_fuzz_live.py::test_our_server_is_what_it_says",)

BUGS: tuple[Bug, ...] = (
    *in_file(
        "reactor_chat/chat/decisions.py",
        FOUND_BY,
        ("another refusal code than the protocol's", 'return Refused("bad_group_name",', 'return Refused("bad_name",'),
    ),
    *in_file(
        "reactor_chat/wire/framing.py",
        FOUND_BY,
        (
            "a length that comes alone is lost",
            "            self._buffer = data\n",
            "            self._buffer = data if len(data) != LENGTH_BYTES else bytes(0)\n",
        ),
    ),
    *in_file(
        "reactor_chat/chat/judge.py",
        FOUND_BY,
        (
            "a request sent again under its id is carried out again",
            "            if outcome is not None:\n                return self._answer_now",
            "            if outcome is not None and outcome.code is not None:\n                return self._answer_now",
        ),
    ),
)
