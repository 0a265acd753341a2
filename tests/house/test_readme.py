"""The README's two commands are what CI runs, and it is short."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands() -> list[str]:
    return re.findall(r"```sh\n(.*?)```", README, re.DOTALL)


def test_the_first_screen_has_the_two_commands() -> None:
    run, test = (command.strip() for command in commands()[:2])
    assert "\n" not in run
    assert "\n" not in test
    assert run.endswith("-m reactor_chat.server")
    assert "pytest" in test
    assert README.index(test) < 2_000


def test_ci_runs_the_readme_and_not_a_copy_of_it() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "README.md" in script
    assert "pytest" not in script


def test_ci_gives_the_commands_a_strangers_environment() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert re.search(r'^bare=\(env -i PATH="\$PATH" HOME="\$home" ', script, re.MULTILINE)
    assert "home=$(mktemp -d)" in script
    assert script.count('"${bare[@]}" "$command"') == 2, "both commands"


def test_it_is_read_in_five_minutes() -> None:
    assert len(README.splitlines()) <= 180


def test_every_package_stands_in_the_architecture() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for path in sorted((ROOT / "reactor_chat").iterdir()):
        if path.is_dir() and (path / "__init__.py").exists():
            assert f"`{path.name}/`" in page, f"{path.name}/ is not in docs/architecture.md"
