"""Settings of the whole test run: `--nightly` asks for longer runs of everything that is random.

Hypothesis runs under one of two profiles.  `ci` draws the same examples every time, so that a red run is red for
everyone; `nightly` draws new ones, many more.  A test that wants to be longer at night reads REACTOR_CHAT_NIGHTLY,
which every process it starts inherits too.
"""

import os
import signal

import pytest
from hypothesis import HealthCheck, settings

NIGHTLY = "REACTOR_CHAT_NIGHTLY"

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


def _answer_ignored_signals() -> None:
    """Let the programs that tests start be ended by signals, though the whole run was begun under nohup or with `&`.

    A process inherits what is ignored, and the default in the place of what is answered.
    """
    for number in (signal.SIGHUP, signal.SIGINT):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)
