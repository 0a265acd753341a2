"""Fixtures of the mls tests: where the published vectors are, and whether this is the long run."""

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

OURS = Path(__file__).parent / "vectors"
Cases = list[dict[str, Any]]


def vector_folder() -> Path:
    """Return the folder of the published vectors: ours, or the one that REACTOR_CHAT_VECTORS names."""
    return Path(os.environ.get("REACTOR_CHAT_VECTORS", OURS))


def vector_names() -> set[str]:
    """Return the names of the files there, without the ending of a compressed one."""
    return {path.name.removesuffix(".gz") for path in vector_folder().iterdir() if ".json" in path.suffixes}


@pytest.fixture(scope="session")
def vectors() -> Callable[[str], Cases]:
    """Return a reader of published vector files."""

    def read(name: str) -> Cases:
        path = vector_folder() / name
        data = path.read_bytes() if path.exists() else gzip.decompress(path.with_name(f"{name}.gz").read_bytes())
        cases: Cases = json.loads(data)
        assert cases, f"{name} holds no cases"
        return cases

    return read


@pytest.fixture(scope="session")
def long_run() -> bool:
    """Say whether the long run was asked for (REACTOR_CHAT_NIGHTLY)."""
    return os.environ.get("REACTOR_CHAT_NIGHTLY", "") not in ("", "0")
