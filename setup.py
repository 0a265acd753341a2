"""Package description; every dependency carries the reason it is there."""

import os
import re
from pathlib import Path
from typing import Any

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = re.search(r'^VERSION = "(.+)"$', (HERE / "reactor_chat" / "__init__.py").read_text(), re.MULTILINE)
if VERSION is None:
    raise SystemExit("reactor_chat/__init__.py states no VERSION")

REQUIRED = [
    "cryptography>=47",  # signatures now, HPKE, AEADs and KDFs for end-to-end encryption; 47 brings HPKE and ML-KEM
    "msgspec",  # typed messages, validated while they are decoded, several times faster than json plus checks
    "platformdirs",  # where each system keeps a user's data
    "segno",  # the QR code of @verify: pure Python, no dependencies, and it chooses the smallest code by itself
    "urwid>=5",  # the full screen: which rows changed, and how a terminal is told; pure Python, on our loop
    "wcwidth>=0.9",  # widths and graphemes as terminals have them; its tables are newer than any Python's
]

TEST = [
    "hypothesis",  # properties, state machines, fuzzing of framing and parser
    "mypy",  # the types are checked strictly
    "pyte",  # a terminal emulator: what a person's screen shows, as a value
    "pytest",  # runs the tests
    "pytest-xdist",  # ... on every core
    "ruff",  # one style, checked
]

FUZZ = [
    "atheris",  # fuzzing guided by what an input reaches; it installs on fewer systems than we run on, so it is apart
]

COMPILED = """
    chat/fast_path chat/hub chat/judge chat/pending chat/sessions
    server/app server/catch_up server/connections/peers server/delivery server/doors/frames server/intake
    server/record_log wire/framing
    reactor/buffers reactor/connection reactor/fanout reactor/timers reactor/tls_connection
""".split()
"""What `REACTOR_CHAT_COMPILE=1 pip install .` compiles with mypyc, from the same sources.

A message that comes alone costs a fifth to a third less then, one of many at once a fifth.  What is compiled cannot be
inherited from by what is not, and types of messages cannot be compiled; so the rest of what a message goes through is
left as it is.
"""


def compiling() -> dict[str, Any]:
    """Return what compiling takes: mypyc (of `mypy`) and the types of what we need while building, and a C compiler."""
    if os.environ.get("REACTOR_CHAT_COMPILE") != "1":
        return {}
    try:
        from mypyc.build import mypycify  # noqa: PLC0415  only who compiles has it
    except ImportError:  # pip asks what building takes, and comes again when it is there
        return {"setup_requires": ["mypy", *REQUIRED]}
    modules = [f"reactor_chat/{name}.py" for name in COMPILED]
    return {"setup_requires": ["mypy", *REQUIRED], "ext_modules": mypycify(modules, opt_level="3", debug_level="0")}


setup(
    **compiling(),
    name="reactor-chat",
    version=VERSION.group(1),
    description="A terminal-first, self-hosted chat on one selectors loop",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    packages=find_packages(include=["reactor_chat", "reactor_chat.*"]),
    package_data={"reactor_chat": ["py.typed"]},
    install_requires=REQUIRED,
    extras_require={"test": TEST, "fuzz": FUZZ},
    entry_points={
        "console_scripts": [
            "reactor-chat = reactor_chat.client.__main__:main",
            "reactor-chatd = reactor_chat.server.__main__:main",
            "reactor-chat-admin = reactor_chat.admin.__main__:main",
        ]
    },
    classifiers=[
        "Environment :: Console",
        "Operating System :: POSIX",
        "Programming Language :: Python :: 3",
        "Topic :: Communications :: Chat",
        "Typing :: Typed",
    ],
)
