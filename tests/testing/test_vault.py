"""A simulated vault keeps the contract as the one on disk does, and forgets in a kill what was not committed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reactor_chat.client.store.file_vault import FileVault
from reactor_chat.client.store.home import Home
from reactor_chat.testing.vault import SimulatedVault
from reactor_chat.wire.messages import Say

steps = st.lists(
    st.one_of(
        st.tuples(st.just("archive"), st.integers(1, 3)),
        st.tuples(st.sampled_from(["keep", "drop"]), st.integers(0, 3)),
        st.tuples(st.just("move"), st.integers(1, 3)),
        st.tuples(st.sampled_from(["print", "commit", "kill"]), st.just(0)),
    ),
    max_size=25,
)


def state(vault: Any) -> tuple[Any, ...]:
    return vault.cursor(), vault.unprinted(), vault.tail(2), vault.kept()


class Pair:
    """The same done to both vaults."""

    def __init__(self, directory: Path) -> None:
        self._home = Home(directory)
        self._seq = self._ids = 0
        self.simulated = SimulatedVault()
        self.real = self._opened()

    def _opened(self) -> FileVault:
        vault = FileVault(self._home.vaults() / "here_1.db", self._home, bytes(32))
        vault.choose("Ann")
        return vault

    def close(self) -> None:
        self.real.close()
        self._home.close()

    def both(self, call: Callable[[Any], object]) -> None:
        assert call(self.simulated) == call(self.real)

    def do(self, name: str, number: int) -> None:
        if name == "archive":
            self._seq += number
            self.both(lambda vault: vault.archive(self._seq, b'{"n":%d}' % self._seq))
        elif name == "move":
            self._seq += number
            self.both(lambda vault: vault.move_cursor(self._seq))
        elif name == "keep":
            self._ids += 1
            self.both(lambda vault: vault.keep(Say("x", id=f"i{self._ids}")))
        elif name == "drop":
            self.both(lambda vault: vault.drop(f"i{self._ids - number}"))
        elif name == "kill":
            self.real.close()  # which commits nothing
            self.real = self._opened()
            self.simulated.lose_uncommitted()
        else:
            self.both(lambda vault: vault.commit())
            if name == "print" and (waiting := self.simulated.unprinted()):
                self.both(lambda vault: vault.printed(waiting[0].place))


@given(steps=steps)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_is_as_the_one_on_disk(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]) -> None:
    pair = Pair(tmp_path_factory.mktemp("home"))
    for name, number in steps:
        pair.do(name, number)
        if name in ("commit", "print", "kill"):  # to ask one on disk may commit, which is more than was promised
            assert state(pair.simulated) == state(pair.real), (name, number)
    pair.close()
