"""The same targets guided by coverage: `python -m fuzz.coverage TARGET SEED RUNS SECONDS`, a process of its own.

Atheris has to see the package while it is imported, so this imports nothing of ours before that, and `python -m fuzz
TARGET --coverage` starts it as a process.  A target that reads bytes gets the fuzzer's bytes.  For a structured one the
bytes are the choices of Hypothesis, which stand in for the generator's: each input is one that `make` could have made.
"""

import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

CORPUS = Path(__file__).parent / "corpus"
INPUT_BYTES_MAX = 4_096
WITHOUT = "--coverage needs atheris, which is not installed in this Python: pip install atheris"


def explore(name: str, seed: int, runs_max: int | None, seconds_max: float | None) -> int:
    """Run one target under atheris; returns 0 where nothing was found, 1 where something was, 2 without atheris."""
    if importlib.util.find_spec("atheris") is None:
        print(WITHOUT, file=sys.stderr)
        return 2
    limits = [str(-1 if runs_max is None else runs_max), str(0 if seconds_max is None else max(1, int(seconds_max)))]
    command = [sys.executable, "-m", "fuzz.coverage", name, str(seed), *limits]
    return 1 if subprocess.run(command, check=False).returncode else 0  # noqa: S603 - ourselves


def fuzz_bytes(target: Any) -> Callable[[bytes], None]:
    """Return what takes the fuzzer's bytes: the target's check, or Hypothesis choosing for the target's `make`."""
    from hypothesis import given, settings  # noqa: PLC0415 - after the package was instrumented
    from hypothesis import strategies as st  # noqa: PLC0415

    from fuzz.running import report  # noqa: PLC0415

    def check(data: bytes) -> None:
        try:
            target.check(data, target.subject)
        except Exception:
            report(target, 0, 0, data)
            raise

    if not target.structured:
        return check

    @settings(database=None, deadline=None)
    @given(st.randoms(use_true_random=False))
    def generated(random: Random) -> None:
        check(target.make(random))

    fuzz_one: Callable[[bytes], None] = generated.hypothesis.fuzz_one_input  # type: ignore[attr-defined]
    return fuzz_one


def main(arguments: list[str]) -> None:
    """Fuzz until the limits are reached or something is found; the exit status is libFuzzer's."""
    import atheris  # type: ignore[import-not-found,import-untyped,unused-ignore]  # noqa: PLC0415 - where it is installed

    name, seed, runs, seconds = arguments
    with atheris.instrument_imports(include=["reactor_chat"]):
        from fuzz.targets import TARGETS  # noqa: PLC0415
    with tempfile.TemporaryDirectory() as grown:
        options = [f"-seed={seed}", f"-runs={runs}", f"-max_total_time={seconds}", f"-max_len={INPUT_BYTES_MAX}"]
        known = [] if TARGETS[name].structured else [str(CORPUS / name)]
        atheris.Setup(
            ["fuzz", *options, "-verbosity=0", "-print_final_stats=1", f"-artifact_prefix={grown}/", grown, *known],
            fuzz_bytes(TARGETS[name]),
        )
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
