"""Bugs of how programs begin: a descriptor that is somebody else's, a wait that spins, a name server that freezes."""

from tests.planted.copying import Bug, in_file

START = ("tests/end_to_end/test_process_start.py",)
LOOKUP = ("tests/reactor/test_lookup.py",)

BUGS: tuple[Bug, ...] = (
    *in_file(
        "reactor_chat/process_start.py",
        START,
        (
            "an empty descriptor is given to a file",
            "            descriptor = os.open(os.devnull, mode)\n",
            "            descriptor = os.open(os.devnull, mode) if number else os.dup(os.pipe()[1])\n",
        ),
        (
            "a child finds the descriptor empty again",
            "os.set_inheritable(number, True)",
            "os.set_inheritable(number, False)",
        ),
        (
            "a pipe that does not block is asked without end",
            "            wait_for_room(descriptor)\n",
            "            pass\n",
        ),
        ("a full disk is a success", "        _give_up(name, error)\n        return False\n", "        return True\n"),
        (
            "a letter that cannot be written is an error",
            "io.TextIOWrapper(buffer, encoding, REPLACING,",
            'io.TextIOWrapper(buffer, encoding, "strict",',
        ),
    ),
    *in_file(
        "reactor_chat/reactor/lookup.py",
        LOOKUP,
        (
            "a silent name server means an unknown host",
            'is_unknown = answer.get("error") in UNKNOWN',
            "is_unknown = True",
        ),
        ("a look-up that nobody wants goes on", "        child.kill()\n        child.wait()", "        child.poll()"),
        (
            "a silent name server is waited for",
            "(seconds_max if answer is None else 0.0)",
            "(SECONDS_MAX * 100 if answer is None else 0.0)",
        ),
    ),
    *in_file(
        "reactor_chat/text/hosts.py",
        ("tests/text/test_hosts.py",),
        (
            "every address is loopback",
            "in _EVERY_ADDRESS:\n        return False",
            "in _EVERY_ADDRESS:\n        return True",
        ),
    ),
    *in_file(
        "reactor_chat/client/terminal/streams.py",
        ("tests/client/terminal/test_streams.py",),
        (
            "what could not be written was written",
            "self.failure = None if _has_gone(error, self._descriptor) else error",
            "self.failure = None",
        ),
    ),
    *in_file(
        "reactor_chat/journal/sqlite/database_file.py",
        ("tests/journal/sqlite/test_database_file.py",),
        ("a directory's name is taken for a URI", 'path if path.is_absolute() else f"{os.curdir}/{path}"', "path"),
    ),
)
