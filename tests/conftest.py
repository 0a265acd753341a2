"""Settings of the whole test run: `--nightly` asks for longer runs of everything that is random.

Hypothesis runs under one of two profiles.  `ci` draws the same examples every time, so that a red run is red for
everyone; `nightly` draws new ones, many more.  A test that wants to be longer at night reads REACTOR_CHAT_NIGHTLY,
which every process it starts inherits too.
"""

import os
import signal
import sys
import tempfile

import pytest
from hypothesis import HealthCheck, settings

NIGHTLY = "REACTOR_CHAT_NIGHTLY"
BYTECODE = "REACTOR_CHAT_BYTECODE"

settings.register_profile(
    "ci", derandomize=True, deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "nightly",
    deadline=None,
    max_examples=20_000,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--nightly", action="store_true", help="draw new examples, and many more of them")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--nightly"):
        os.environ[NIGHTLY] = "1"
    settings.load_profile("nightly" if os.environ.get(NIGHTLY) == "1" else "ci")
    _answer_ignored_signals()
    _compile_programs_once(config)


def _compile_programs_once(config: pytest.Config) -> None:
    """Let the programs that tests start keep their bytecode where Python was told to write none beside the sources.

    Otherwise each of more than a thousand programs would compile all of ours anew, which takes longer than what most of
    them are started for.  It lies in a directory of this run, which xdist's workers share.  The workers themselves
    leave it alone: it has no bytecode of what is installed, which has some beside its sources.
    """
    if not sys.dont_write_bytecode:
        return
    if BYTECODE not in os.environ:
        directory = tempfile.TemporaryDirectory(prefix="reactor-chat-bytecode-")
        config.add_cleanup(directory.cleanup)
        os.environ[BYTECODE] = directory.name
        if config.getoption("numprocesses", None):
            return  # the workers inherit the name, and should still find PYTHONDONTWRITEBYTECODE
    os.environ["PYTHONPYCACHEPREFIX"] = os.environ[BYTECODE]
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def _answer_ignored_signals() -> None:
    """Let the programs that tests start be ended by signals, though the whole run was begun under nohup or with `&`.

    A process inherits what is ignored, and the default in the place of what is answered.
    """
    for number in (signal.SIGHUP, signal.SIGINT):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)
