"""A terminal-first, self-hosted chat: one process, one `selectors` loop, no threads."""

VERSION = "0.1.0"
PRODUCT = f"reactor-chat {VERSION}"
