"""Every target, and how a long run is shared out among them."""

from fuzz import codec, framing, journal, keys, mls, parser, render, safe, session, tls

TARGETS = {
    target.name: target
    for target in (
        framing.TARGET,
        codec.TARGET,
        parser.TARGET,
        safe.TARGET,
        render.TARGET,
        session.TARGET,
        session.LINES_TARGET,
        journal.TARGET,
        mls.TARGET,
        tls.TARGET,
        keys.TARGET,
    )
}

RUNS_OF_A_ROUND = {
    "framing": 12_000,
    "codec": 32_300,
    "parser": 44_000,
    "safe": 6_000,
    "render": 4_000,
    "session": 100,
    "lines": 100,
    "journal": 50,
    "mls": 250,
    "tls": 200,
    "keys": 1_000,
}
"""A round of `volume`: 100,000 inputs, the most where they cost least, so that no target takes most of the time."""
