"""Who may import whom: the source is read, and anything that the table does not list is forbidden."""

import ast
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "reactor_chat"

MAY_IMPORT = {
    "wire": {"errors"},
    "journal": {"errors"},
    "reactor": {"errors"},
    "mls": {"errors"},
    "e2ee": {"errors", "mls", "wire.conversation", "wire.messages", "wire.transcript"},
    "text": {"wire.conversation", "wire.messages"},
    "chat": {"wire.conversation", "wire.messages", "wire.transcript", "text.parser"},
    "server": {"errors", "wire", "text", "chat", "journal"},
    "client": {"errors", "wire", "text", "e2ee"},
    "testing": {
        *("errors", "wire", "text", "chat", "journal", "server.app", "server.doors"),
        *("server.intake", "server.operator", "server.options"),
        *("client.engine", "client.boundary", "client.outbox", "client.connecting.states", "client.store.vault"),
        "e2ee",
    },
    "load": {"errors", "reactor", "wire"},
    "admin": {"errors", "wire", "text", "chat", "journal", "server", "process_start"},
    "process_start": set(),
    "user_data": set(),
    "toml_file": {"errors"},
}
ALSO_MAY_IMPORT = {
    "server/__main__.py": {"reactor", "process_start"},
    "server/process/listening.py": {"reactor"},
    "server/process/tls.py": {"reactor"},
    "server/options/table.py": {"user_data"},
    "server/options/config.py": {"toml_file"},
    "client/preferences/reading.py": {"toml_file", "user_data"},
    "client/runner.py": {"reactor"},
    "client/connecting/first_contact.py": {"reactor"},
    "client/__main__.py": {"process_start"},
    "client/key_commands.py": {"process_start"},
    "client/screen/faces.py": {"process_start"},
    "client/standard_error.py": {"process_start"},
    "client/terminal/streams.py": {"process_start"},
    "client/store/home.py": {"user_data"},
    "load/__main__.py": {"process_start"},
    "testing/__main__.py": {"process_start"},
    "mls/passive.py": {"process_start"},
}
"""The places where the chat and the reactor meet, and where programs begin."""

PURE = ["wire", "text", "chat", "mls", "e2ee", "journal/contract.py", "journal/memory.py", "server/app.py"]
PURE += [
    "server/catch_up.py",
    "server/connections",
    "server/delivery.py",
    "server/doors",
    "server/goodbye.py",
    "server/intake.py",
]
PURE += [
    "client/engine.py",
    "client/outbox.py",
    "client/messaging.py",
    "client/sealing.py",
    "client/program_requests.py",
]
PURE += ["client/login.py", "client/greeting.py", "client/connecting/deadlines.py", "client/connecting/ending.py"]
PURE += [f"client/connecting/{one}.py" for one in ("link", "own_questions", "reconnect", "request_ids", "states")]
COMMAND_LINES_AMONG_THE_PURE = {"mls/passive.py"}
IMPURE_MODULES = set(
    "time datetime random secrets uuid socket select selectors ssl signal threading asyncio subprocess sqlite3".split()
)
IMPURE_CALLS = {"open", "print", "input"}


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


class Source(NamedTuple):
    """What is asked of a file, read once for all tests.

    Attributes:
        imported: every module it imports; what is imported from a package counts with its name.
        for_types: those among them that only its types need.
        calls: line and name of each call by a bare name.
    """

    imported: set[str]
    for_types: set[str]
    calls: list[tuple[int, str]]


@cache
def read(path: Path) -> Source:
    found = Source(set(), set(), [])
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        found.imported.update(imports_of(node, path))
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            found.for_types.update(one for part in node.body for one in imports_of(part, path))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found.calls.append((node.lineno, node.func.id))
    return found


def imports_of(node: ast.AST, path: Path) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"{name(path)}: a relative import hides where it leads"
        return [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []


def modules_of_the_project(path: Path) -> set[str]:
    return ours(read(path).imported)


def ours(imported: set[str]) -> set[str]:
    """Those that are modules of the package, by their names in it."""
    found = (module.removeprefix("reactor_chat.") for module in imported if module.startswith("reactor_chat."))
    return {module for module in found if is_module(module)}


@cache
def is_module(module: str) -> bool:
    return (PACKAGE / (module.replace(".", "/") + ".py")).exists()


def test_a_file_imports_only_what_its_package_may() -> None:
    for path in sources():
        own = name(path).partition("/")[0].removesuffix(".py")
        if own not in MAY_IMPORT:
            assert own in {"__init__", "errors"}, f"{own} has no row in the table"
            assert not modules_of_the_project(path)
            continue
        allowed = MAY_IMPORT[own] | {own} | ALSO_MAY_IMPORT.get(name(path), set())
        for module in modules_of_the_project(path):
            assert any(module == one or module.startswith(one + ".") for one in allowed), (
                f"{name(path)} imports {module}"
            )


def test_no_folder_imports_one_that_imports_it() -> None:
    """Within a package each folder is one thing, and so is each module beside it: the arrows make no circle."""
    arrows: dict[str, set[str]] = {}
    for path in sources():
        own, source = ".".join(path.relative_to(PACKAGE).with_suffix("").parts[:2]), read(path)
        theirs = {".".join(module.split(".")[:2]) for module in ours(source.imported - source.for_types)}
        arrows.setdefault(own, set()).update(theirs - {own})
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


@pytest.mark.parametrize("place", PURE)
def test_the_pure_know_no_time_no_chance_and_no_outside(place: str) -> None:
    top = PACKAGE / place
    for path in [top] if top.suffix else sorted(top.rglob("*.py")):
        if name(path) in COMMAND_LINES_AMONG_THE_PURE:
            continue
        roots = {module.partition(".")[0] for module in read(path).imported}
        assert not roots & IMPURE_MODULES, f"{name(path)} imports {roots & IMPURE_MODULES}"
        for line, called in read(path).calls:
            assert called not in IMPURE_CALLS, f"{name(path)}:{line} calls {called}"


def test_what_a_server_runs_cannot_open_what_clients_seal() -> None:
    for path in sources():
        if name(path).partition("/")[0] in {"server", "chat", "journal", "wire", "text", "reactor", "admin"}:
            secret = {module for module in modules_of_the_project(path) if module.partition(".")[0] in {"mls", "e2ee"}}
            assert not secret, f"{name(path)} imports {secret}"


def test_the_simulated_world_takes_chance_from_a_seed_and_time_from_its_clock() -> None:
    for path in sorted((PACKAGE / "testing").rglob("*.py")):
        roots = {module.partition(".")[0] for module in read(path).imported} & IMPURE_MODULES
        allowed = {"__main__.py": {"time"}, "driver.py": {"random"}}.get(path.name, set())
        assert roots <= allowed, f"{name(path)} imports {roots - allowed}"


def test_nothing_runs_a_loop_or_a_thread_of_its_own() -> None:
    for path in sources():
        roots = {module.partition(".")[0] for module in read(path).imported}
        assert not roots & {"threading", "asyncio", "multiprocessing", "concurrent", "_thread"}, name(path)
