"""Fixtures of the mls tests: where the published vectors are, and whether this is the long run."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
Cases = list[dict[str, Any]]


def vector_folder() -> Path:
    """Return the folder of the published vectors, whether it exists or not."""
    return Path(os.environ.get("REACTOR_CHAT_VECTORS", REPOSITORY.parent / "shared" / "vectors" / "mls"))


@pytest.fixture(scope="session")
def vectors() -> Callable[[str], Cases]:
    """Return a reader of published vector files; a test whose file is absent is skipped with the reason."""

    def read(name: str) -> Cases:
        path = vector_folder() / name
        if not path.is_file():
            pytest.skip(f"published vectors not found at {path}; set REACTOR_CHAT_VECTORS to their folder")
        cases: Cases = json.loads(path.read_text(encoding="utf-8"))
        assert cases, f"{name} holds no cases"
        return cases

    return read


@pytest.fixture(scope="session")
def long_run() -> bool:
    """Say whether the long run was asked for (REACTOR_CHAT_NIGHTLY)."""
    return os.environ.get("REACTOR_CHAT_NIGHTLY", "") not in ("", "0")
