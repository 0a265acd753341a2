"""The recorded scenarios of the hybrid suite still come out byte for byte, through the library's HPKE and through our
own.
"""

import pytest

from reactor_chat.mls.crypto import hpke
from reactor_chat.mls.crypto.hpke import library_suite
from reactor_chat.mls.passive import failures, read_cases
from tests.mls.golden_scenarios import FOLDER, PASSIVE, PASSIVE_CASES, SCENARIOS, read_tapes, replay

FOLDER_BYTES_MAX = 2 * 1024 * 1024


@pytest.mark.parametrize("path", ["library", "own"])
def test_scenarios_repeat(path: str, monkeypatch: pytest.MonkeyPatch, *, long_run: bool) -> None:
    """Keys, messages, Welcomes and epoch authenticators of 200 scenarios, by two independent ways to open.

    The ordinary run opens half of them, each by one of the ways.
    """
    if path == "own":
        monkeypatch.setattr(hpke, "library_suite", lambda *_: None)
    else:
        assert library_suite(0x647A, 1, "AES_128_GCM") is not None, "the library lacks the hybrid KEM"
    recorded = read_tapes()
    assert len(recorded) == SCENARIOS
    first, step = (0, 1) if long_run else ((0, 4) if path == "own" else (2, 4))
    for number in range(first, SCENARIOS, step):
        scenario = recorded[number]
        tape = [(bytes.fromhex(secret), bytes.fromhex(ciphertext)) for secret, ciphertext in scenario["tape"]]
        assert replay(number, tape).as_json() == scenario, f"scenario {number}"


def test_passive_cases_follow() -> None:
    """The scenarios in the published passive form pass the command line's checks."""
    cases = read_cases(str(PASSIVE))
    assert len(cases) == PASSIVE_CASES
    assert list(failures(cases)) == []


def test_a_changed_case_fails() -> None:
    """The check can fail: one bit of one epoch authenticator."""
    case = read_cases(str(PASSIVE))[0]
    recorded = case["epochs"][1]["epoch_authenticator"]
    case["epochs"][1]["epoch_authenticator"] = f"{int(recorded, 16) ^ 1:064x}"
    assert list(failures([case])) == [(0, "in epoch 2 after joining: the epoch authenticator differs")]


def test_folder_is_small() -> None:
    """The recordings stay below 2 MB."""
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < FOLDER_BYTES_MAX
