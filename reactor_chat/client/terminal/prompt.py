"""The prompt in front of the line being typed: how the connection is, what is on the way, what becomes of the line."""

from reactor_chat.client.engine import Engine
from reactor_chat.client.terminal.cells import cells
from reactor_chat.client.terminal.editor import Editor
from reactor_chat.client.terminal.palette import Palette
from reactor_chat.e2ee.boundary import Posture
from reactor_chat.text.safe import as_edited
from reactor_chat.text.slash import meant

PROMPT_WORDS = {
    Posture.PLAIN: "NOT encrypted",
    Posture.WAITING: "getting keys",
    Posture.SEALED: "encrypted",
    Posture.HELD: "not sent",
}
"""What becomes of the line being typed."""

TYPED_CELLS_MIN = 10
"""A prompt that leaves less than this to type in is left out, but for the word that says what becomes of the line."""


class Prompt:
    """The prompt of one terminal.

    Args:
        engine: whose state it tells.
        editor: holds the line.
        palette: paints.
    """

    def __init__(self, engine: Engine, editor: Editor, palette: Palette) -> None:
        self._engine = engine
        self._editor = editor
        self._palette = palette

    @property
    def asks(self) -> bool:
        """Whether the line is what the client asked for, and nothing that others will read."""
        return self._engine.wants_name or self._engine.messaging.orders.wants_passphrase

    def fitting(self, columns: int) -> str:
        """Return as much of it as a row of so many columns has room for."""
        whole, end = self.whole(), self._end()
        prompt = whole if columns - cells(whole) >= TYPED_CELLS_MIN else end
        return prompt if columns > cells(prompt) else ""

    def whole(self) -> str:
        """Return all of it, however wide the terminal is."""
        engine = self._engine
        if engine.wants_name:
            return "Enter a unique username: "
        if engine.messaging.orders.wants_passphrase:
            return "Passphrase (it is not shown): "
        if self._editor.search is not None:
            return f"{self._recalled()}{self._end()}"
        where = "(offline) " if engine.is_offline else "(no answer) " if engine.messaging.link.is_doubted else ""
        waiting = engine.messaging.changes_waiting
        where += f"({waiting} on the way) " if waiting else ""
        what = f"({self._editor.lines} lines) " if self._editor.lines > 1 else ""
        return f"{where}{what}{self._end()}"

    def _recalled(self) -> str:
        """What is looked for among the lines that were sent."""
        search = self._editor.search
        assert search is not None
        return f"({'recall' if search.is_found else 'not found'}: {as_edited(search.words)}) "

    def painted(self, prompt: str) -> str:
        """Return the prompt, or what is left of it, in its colours."""
        end = self._end()
        if not end or not prompt.endswith(end):
            return self._palette.dim(prompt)
        posture = self._posture
        before = prompt.removesuffix(end)
        head = self._palette.dim(before) if before else ""
        return f"{head}{self._palette.posture(posture, PROMPT_WORDS[posture])}{self._palette.dim(' > ')}"

    def _end(self) -> str:
        """What becomes of the line being typed, in a word: the last part of a prompt to be left out."""
        return "" if self.asks else f"{PROMPT_WORDS[self._posture]} > "

    @property
    def _posture(self) -> Posture:
        return self._engine.messaging.sealing.posture(meant(self._editor.text))
