"""Follow recorded groups as a passive client: `python -m reactor_chat.mls.passive FILE...`.

Each FILE is a JSON list in the working group's `passive-client-*.json` form: a KeyPackage with its private keys, a
Welcome, and for each epoch the proposals and the commit that lead there.  A case passes if the client joins and its
epoch authenticator is the recorded one from the first epoch to the last.  The last line printed is `N passed, M
failed`; the exit status is 1 where anything failed or a file could not be read.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from reactor_chat.errors import MlsError
from reactor_chat.mls.epoch.state import PskSecrets
from reactor_chat.mls.group import Group
from reactor_chat.mls.keypackage import OwnKeyPackage
from reactor_chat.mls.messages import ContentType, ExternalPsk
from reactor_chat.mls.operations.receiving import open_message
from reactor_chat.mls.outcomes import ReceivedCommit
from reactor_chat.process_start import program

RESUMPTION_EPOCHS = 10_000  # a recorded group may ask for the resumption key of any epoch since the client joined


class CaseFailed(Exception):
    """A case did not go as recorded; the text says where."""


def follow(case: dict[str, Any]) -> int:
    """Play one case through.

    Args:
        case: one entry of the file's list.

    Returns:
        How many epochs were followed, at least 1.

    Raises:
        CaseFailed: a step was refused, or an epoch authenticator differs.
        KeyError, TypeError, ValueError: the entry is not of the form.

    Source: mlswg/mls-implementations, test-vectors.md, "Passive Client Scenarios".
    """
    psks: PskSecrets = {
        ExternalPsk(bytes.fromhex(psk["psk_id"])): bytes.fromhex(psk["psk"]) for psk in case["external_psks"]
    }
    group = _join(case, psks).keeping_resumption(RESUMPTION_EPOCHS)
    _compare(group, case["initial_epoch_authenticator"], "after joining")
    for number, epoch in enumerate(case["epochs"], start=1):
        group = _advance(group, epoch, psks, f"in epoch {number} after joining")
        _compare(group, epoch["epoch_authenticator"], f"in epoch {number} after joining")
    return 1 + len(case["epochs"])


def _join(case: dict[str, Any], psks: PskSecrets) -> Group:
    tree = case.get("ratchet_tree")
    try:
        own = OwnKeyPackage.from_parts(
            *(bytes.fromhex(case[name]) for name in ("key_package", "init_priv", "encryption_priv", "signature_priv"))
        )
        return Group.join(
            bytes.fromhex(case["welcome"]), own, psks=psks, tree=None if tree is None else bytes.fromhex(tree)
        )
    except MlsError as error:
        raise CaseFailed(f"joining: {error}") from error


def _advance(group: Group, epoch: dict[str, Any], psks: PskSecrets, where: str) -> Group:
    group, refused = _take_in(group, [bytes.fromhex(message) for message in epoch["proposals"]])
    try:
        received = group.receive(bytes.fromhex(epoch["commit"]), psks=psks)
    except MlsError as error:
        raise CaseFailed("; ".join([f"{where}: {error}", *refused])) from error
    if not isinstance(received, ReceivedCommit) or received.group is None:
        raise CaseFailed(f"{where}: the commit leads nowhere")
    return received.group


def _take_in(group: Group, proposals: list[bytes]) -> tuple[Group, list[str]]:
    """Receive proposals; those refused are fatal only if the commit refers to them.

    A recording need not list them in the order in which they were sent, and a key that was passed over is gone.  So all
    are opened once to learn their generations, which uses up nothing, and then received in that order.
    """
    refused, opened = [], []
    for message in proposals:
        try:
            generation = open_message(group.state, message, frozenset({ContentType.PROPOSAL})).generation
            opened.append((generation or 0, message))
        except MlsError as error:
            refused.append(f"proposal: {error}")
    for _, message in sorted(opened):
        try:
            group = group.receive(message).group or group
        except MlsError as error:
            refused.append(f"proposal: {error}")
    return group, refused


def _compare(group: Group, recorded: str, where: str) -> None:
    if group.epoch_authenticator != bytes.fromhex(recorded):
        raise CaseFailed(f"{where}: the epoch authenticator differs")


def read_cases(path: str) -> list[dict[str, Any]]:
    """Return the cases of a file.

    Raises:
        CaseFailed: it cannot be read, or is no JSON list of objects.
    """
    try:
        cases = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise CaseFailed(f"cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise CaseFailed("is not JSON") from error
    if not isinstance(cases, list) or not all(isinstance(case, dict) for case in cases):
        raise CaseFailed("is not a list of passive client cases")
    return cases


def failures(cases: Sequence[dict[str, Any]]) -> Iterator[tuple[int, str]]:
    """Play cases and yield (place in the list, reason) of those that fail."""
    for place, case in enumerate(cases):
        try:
            follow(case)
        except CaseFailed as error:
            yield place, str(error)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            yield place, f"not of the passive client form ({type(error).__name__})"


def main(paths: Sequence[str]) -> int:
    """Play every case of every file and report; returns the exit status."""
    if not paths:
        print("usage: python -m reactor_chat.mls.passive FILE...", file=sys.stderr)  # noqa: T201 - a command line
        return 2
    passed = failed = 0
    unreadable = False
    for path in paths:
        try:
            cases = read_cases(path)
        except CaseFailed as error:
            print(f"{path}: {error}", file=sys.stderr)  # noqa: T201 - a command line
            unreadable = True
            continue
        bad = 0
        for place, reason in failures(cases):
            bad += 1
            print(f"{path}: case {place}: {reason}")  # noqa: T201 - a command line
        passed, failed = passed + len(cases) - bad, failed + bad
    print(f"{passed} passed, {failed} failed")  # noqa: T201 - a command line
    return 1 if failed or unreadable else 0


if __name__ == "__main__":
    sys.exit(program("passive")(main)(sys.argv[1:]))
