"""Bugs of what a person types and chooses: keys, the line, commands with a slash, settings, what a terminal is told."""

from tests.planted.copying import Bug, in_file

BUGS: tuple[Bug, ...] = (
    *in_file(
        "reactor_chat/client/terminal/key_reader.py",
        ("tests/client/terminal/test_key_reader.py",),
        (
            "an Escape alone is no key",
            'return [Key("Esc")] if self._pending == b"\\x1b" else []',
            "return []",
        ),
        (
            "what begins behind something given up is forgotten",
            "            self._wait(now)  # what is left may have begun something\n",
            "",
        ),
        (
            "the first of two keys swallows the second",
            '            else:\n                self._first = ""\n                found.append(key)\n',
            '            else:\n                self._first = ""\n',
        ),
    ),
    *in_file(
        "reactor_chat/client/commands/key_map.py",
        ("tests/client/commands/test_key_map.py",),
        (
            "a key that is to do nothing does what it does with less held down",
            "            if plainer in self._always:\n",
            "            if self._always.get(plainer):\n",
        ),
        (
            "what holds on an empty line holds always",
            "if is_empty and plainer in self._empty:",
            "if plainer in self._empty:",
        ),
    ),
    *in_file(
        "reactor_chat/client/editing/undo.py",
        ("tests/client/editing/test_undo.py", "tests/client/editing/test_typed_text.py"),
        (
            "what is typed elsewhere is one step",
            "last.begin + last.inserted == edit.begin and not edit.removed",
            "not edit.removed",
        ),
    ),
    *in_file(
        "reactor_chat/client/editing/typed_text.py",
        ("tests/client/editing/test_typed_text.py", "tests/client/terminal/test_editor_rows.py"),
        (
            "what was typed in one conversation is undone in another",
            "len(self.text)))\n        self._undo.clear()\n",
            "len(self.text)))\n",
        ),
        (
            "the cursor may be inside of a character",
            "return grapheme_boundary_after(self.text, begin) if begin < index else index",
            "return index",
        ),
    ),
    *in_file(
        "reactor_chat/client/terminal/editor.py",
        ("tests/client/terminal/test_editor_rows.py",),
        (
            "the Enter that ends a search sends the line",
            "        KeyAction.SUBMIT: _settle_search,",
            "        KeyAction.SUBMIT: lambda self: self._settle_search() or self._submit(),",
        ),
        (
            "a draft is what a search shows",
            "return self._line.snapshot() if self.search is None else self._before_search",
            "return self._line.snapshot()",
        ),
    ),
    *in_file(
        "reactor_chat/client/terminal/rows.py",
        ("tests/client/terminal/test_rows.py",),
        ("a cursor stands outside of its box", "return max(columns - 1, 1)", "return columns"),
        (
            "what is wider than a row is drawn",
            "one if _cells_of(one, room) == cells_of_one(one) else NOT_SHOWN",
            "one",
        ),
    ),
    *in_file(
        "reactor_chat/text/slash.py",
        ("tests/text/test_slash.py",),
        (
            "a mistyped command is said",
            "    shown = word if len(word) <= WORD_CHARS_MAX",
            "    return None\n    shown = word if len(word) <= WORD_CHARS_MAX",
        ),
        (
            "two slashes are said as two",
            'return Line(unseen + "/" + bare[2:])',
            "return Line(typed)",
        ),
        (
            "a private line is public while it is typed",
            "    if row is not None and row.becomes is not None and rest:\n",
            "    if False:\n",
        ),
    ),
    *in_file(
        "reactor_chat/client/terminal/line_mode.py",
        ("tests/client/terminal/test_line_mode_keyboard.py",),
        (
            "a command of another chat is said to everyone",
            "result.text if self._prompt.asks else meant(result.text)",
            "result.text",
        ),
    ),
    *in_file(
        "reactor_chat/client/terminal/pipe_mode.py",
        ("tests/client/terminal/test_pipe_mode.py",),
        ("a slash in a pipe is a command", "if not self._is_typed or self._engine", "if self._engine"),
    ),
    *in_file(
        "reactor_chat/text/links.py",
        ("tests/text/test_links.py",),
        ("a link leads elsewhere than it seems", "(?![\\w@-]|[.:]\\w)(?:[/?#]", "(?:[/?#]"),
        (
            "a bracket of the link is none of it",
            "while text[end - 1] in _SENTENCE and not _is_closed_within(text[found.start() : end]):",
            "while text[end - 1] in _SENTENCE:",
        ),
    ),
    *in_file(
        "reactor_chat/client/osc/sequences.py",
        ("tests/client/osc/test_sequences.py", "tests/client/osc/test_notifications.py"),
        ("a text ends the sequence it is in", "    shown = safe(text)\n", "    shown = text\n"),
        ("what is copied acts where it is pasted", 'safe(text, "\\n").encode', "text.encode"),
        ("tmux reads what is meant for the terminal", 'b"\\x1bPtmux;\\x1b\\x1b]"', 'b"\\x1bPtmux;\\x1b]"'),
    ),
    *in_file(
        "reactor_chat/client/osc/notifications.py",
        ("tests/client/osc/test_notifications.py",),
        (
            "a message shows progress in the task bar",
            'return f" {text}" if _number_first.match(text) else text',
            "return text",
        ),
    ),
    *in_file(
        "reactor_chat/client/preferences/reading.py",
        ("tests/client/preferences/test_reading.py",),
        (
            "a setting that nothing knows is passed over",
            '            raise UsageError(f"{path}: {unknown_name(name, list(rows))}")\n',
            "            continue\n",
        ),
    ),
)
