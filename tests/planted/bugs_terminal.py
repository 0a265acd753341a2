"""Bugs of what a keyboard slips and a terminal does: private lines that become public, keys that nobody pressed."""

from tests.planted.copying import Bug, in_file

OPENING = ("tests/text/test_opening.py",)
KEYS = ("tests/client/terminal/test_key_reader.py",)
KEYBOARD = ("tests/client/terminal/test_line_mode_keyboard.py",)

BUGS: tuple[Bug, ...] = (
    *in_file(
        "reactor_chat/text/opening.py",
        OPENING,
        (
            "a byte order mark makes a private line public",
            '_UNSEEN_CATEGORIES = ("Cc", "Cf", ',
            '_UNSEEN_CATEGORIES = ("Cc", ',
        ),
        ("an at sign of an input method is text", 'AT_SIGNS = "@＠﹫"', 'AT_SIGNS = "@"'),
        ("what is blank and is no blank counts", "    if sign in _UNSEEN:\n        return True\n", ""),
    ),
    *in_file(
        "reactor_chat/text/parser.py",
        ("tests/text/test_parser.py",),
        (
            "a mistyped command gets no suggestion",
            "text = INVALID_COMMAND if near is None else",
            "text = INVALID_COMMAND if near else",
        ),
    ),
    *in_file(
        "reactor_chat/client/terminal/caution.py",
        ("tests/client/terminal/test_caution.py", *KEYBOARD),
        ("four lines that were pasted are sent", "if lines <= LINES_MAX:", "if lines <= LINES_MAX + 1:"),
        ("what is not UTF-8 is sent", "return None if is_utf_8(text) else NOT_UTF_8", "return None"),
    ),
    *in_file(
        "reactor_chat/client/terminal/line_mode.py",
        KEYBOARD,
        ("a bouncing Enter says yes", "return now - self._asked_at >= ANSWER_SECONDS_MIN", "return True"),
        ("a ghost is left where rows are broken", 'f"\\x1b[{rows}A" if rows else ""', '""'),
    ),
    *in_file(
        "reactor_chat/server/doors/telnet.py",
        ("tests/server/doors/test_telnet.py",),
        ("telnet's Ctrl-C is not answered", "bytes((IAC, WILL, TIMING_MARK))", "b''"),
        (
            "a subnegotiation without an end swallows everything",
            "elif self._inside_bytes > SUBNEGOTIATION_BYTES_MAX:",
            "elif self._inside_bytes < 0:",
        ),
        ("what is declined to us is declined again", "elif self._verb in _DECLINES:", "elif self._verb:"),
    ),
    *in_file(
        "reactor_chat/client/terminal/key_reader.py",
        KEYS,
        (
            "a paste without an end takes the keyboard",
            "        if self._inside is _Inside.PASTE:\n            self.is_torn = True\n",
            "        if self._inside is _Inside.PASTE:\n            return []\n",
        ),
        (
            "the rest of a sequence is typed when it comes late",
            "if self._settled and not _late.match(sequence):",
            "if self._settled:",
        ),
        (
            "an answer to a query is typed",
            "        if _string.match(sequence):\n",
            "        if _string.fullmatch(sequence):\n",
        ),
        ("a function key of the console types a letter", "(4 if is_key else 3)", "3"),
        (
            "somebody who types prolongs a paste",
            "if not (is_typed and self._inside is was_inside is not _Inside.NOTHING):",
            "if True:",
        ),
    ),
    *in_file(
        "reactor_chat/client/terminal/bursts.py",
        ("tests/client/terminal/test_bursts.py",),
        ("a long paste without brackets is sent line by line", "return lines > LINES_MAX and", "return lines < 0 and"),
        (
            "an Enter within a paste is pressed",
            '    if any(key.name == "PasteEnd" for key in keys):\n        return True\n',
            "",
        ),
    ),
    *in_file(
        "reactor_chat/client/terminal/tty.py",
        ("tests/client/terminal/test_tty.py",),
        ("a screen that was stopped stays so", "flags[0] &= ~termios.IXON", "pass"),
    ),
    *in_file(
        "reactor_chat/text/unseen.py",
        ("tests/text/test_safe.py", "tests/properties/test_safe.py"),
        (
            "a joiner may stand anywhere",
            "    return sign == JOINER and joins_emoji(before, after)\n",
            "    return True\n",
        ),
        (
            "a selector may stand anywhere",
            "    category = unicodedata.category(before)\n    if sign",
            "    category = 'So'\n    if sign",
        ),
    ),
    *in_file(
        "reactor_chat/text/safe.py",
        ("tests/text/test_safe.py", "tests/properties/test_safe.py"),
        ("emoji are joined without end", "if self._joined > JOINED_MAX:", "if self._joined < 0:"),
        (
            "joiners begin a new pile of marks",
            "            self._piled += 1\n            self.shown.append(sign)\n            self._before = sign\n        else",
            "            self._piled = 0\n            self.shown.append(sign)\n            self._before = sign\n        else",
        ),
    ),
)
