"""Bugs between bytes, messages and people."""

from tests.planted.copying import Bug, in_file

FRAMING = ("tests/wire/test_framing.py",)
CODEC = ("tests/wire/test_codec.py",)
MESSAGES = ("tests/wire/test_messages.py",)
SAFE = ("tests/text/test_safe.py",)
SENSE = ("tests/wire/test_sense.py",)
RENDER = ("tests/text/test_render.py",)
PARSER = ("tests/text/test_parser.py",)

BUGS: tuple[Bug, ...] = (
    *in_file(
        "reactor_chat/wire/framing.py",
        FRAMING,
        (
            "a frame of the longest length is refused",
            "if not 1 <= frame_bytes <= self.frame_bytes_max:",
            "if not 1 <= frame_bytes < self.frame_bytes_max:",
        ),
        (
            "an empty frame is a frame",
            "if not 1 <= frame_bytes <= self.frame_bytes_max:",
            "if not 0 <= frame_bytes <= self.frame_bytes_max:",
        ),
        (
            "a broken stream recovers",
            "            raise self._broken\n        payloads",
            "            self._broken = None\n        payloads",
        ),
        (
            "a byte that was taken is kept",
            "        self._place = place\n        if place == end",
            "        self._place = place = max(place - 1, 0)\n        if place == end",
        ),
        (
            "what was given back is given again when more comes",
            "        del self._buffer[: self._place]\n        self._place = 0\n",
            "        self._place = 0\n",
        ),
        ("the length is little-endian", '_length = struct.Struct(">I")', '_length = struct.Struct("<I")'),
    ),
    *in_file(
        "reactor_chat/wire/codec.py",
        CODEC,
        ("one level deeper is allowed", "DEPTH_MAX = 16\n", "DEPTH_MAX = 17\n"),
        (
            "a sealed object is not measured",
            "    if len(written) > SEALED_BYTES_MAX:\n",
            "    if len(written) > 2 * SEALED_BYTES_MAX:\n",
        ),
        (
            "what is not UTF-8 passes in a field nobody asked for",
            '    if not payload.isascii():\n        payload.decode("utf-8")\n',
            "",
        ),
        ("a refusal repeats all that it refuses", "REASON_CHARS_MAX = 256\n", "REASON_CHARS_MAX = 256_000\n"),
    ),
    *in_file(
        "reactor_chat/wire/limits.py",
        MESSAGES,
        ("a page of one more is allowed", "HISTORY_LIMIT_MAX = 200\n", "HISTORY_LIMIT_MAX = 201\n"),
    ),
    *in_file(
        "reactor_chat/wire/names.py",
        MESSAGES,
        ("a Kelvin sign is a k", "return name.lower() if name.isascii() else name", "return name.lower()"),
        ("a name may be a character longer", "NAME_CHARS_MAX = 32\n", "NAME_CHARS_MAX = 33\n"),
    ),
    *in_file(
        "reactor_chat/wire/codec.py",
        SENSE,
        ("a server is believed whatever it calls a name", "(nonsense := nonsense_in(notice)) is not None", "False"),
        (
            "what a newer server says is nonsense",
            "    if isinstance(kind, str) and kind not in NOTICES:\n",
            "    if not kind:\n",
        ),
        ("nobody knows what nonsense answers", "re_ if isinstance(re_, str) else None)", "None)"),
    ),
    *in_file(
        "reactor_chat/wire/sense.py",
        SENSE,
        ("lists are believed to hold names", "all(map(is_name, value))", "True"),
        ("a group is called private", " and fold(word) not in RESERVED_WORDS", ""),
        (
            "a text stands beside what is sealed",
            "(told.text is None) == (told.sealed is None)",
            "told.text is None and told.sealed is None",
        ),
        ("a page of history is believed", "if part in NAMES or part in GROUPS", 'if field != "messages"'),
        ("a private message is from anybody", '"id", "log"})', '"id", "log", "sender"})'),
    ),
    *in_file(
        "reactor_chat/wire/quoting.py",
        ("tests/wire/test_quoting.py",),
        ("a quotation ends where the server says", "printable.translate(_QUOTES).split()", "printable.split()"),
        ("a quotation goes on in another line", 'char if char.isprintable() else " "', "char"),
    ),
    *in_file(
        "reactor_chat/wire/transcript.py",
        ("tests/wire/test_transcript.py",),
        ("a login signs no name", 'hashlib.sha256(name.encode("utf-8")).digest()', "bytes(32)"),
        ("a login is bound to no channel", " + key + binding\n", " + key + NO_BINDING\n"),
    ),
    *in_file(
        "reactor_chat/text/safe.py",
        SAFE,
        (
            "escape sequences come through",
            "    if code < 0x20:\n        return chr(0x2400 + code)\n",
            "    if code < 0x1B:\n        return chr(0x2400 + code)\n    if code < 0x20:\n        return sign\n",
        ),
        ("a delete comes through", '        return "␡"\n', "        return sign\n"),
    ),
    *in_file(
        "reactor_chat/text/render.py",
        RENDER,
        ("names are shown as they came", "Part(role, safe(value))", "Part(role, value)"),
        ("one's own name counts in one spelling only", "fold(notice.sender) == fold(me)", "notice.sender == me"),
        ("a key that is not the known one looks like any", '{NEW_KEY: "alarm"}', "{}"),
        ("a second line passes for another's", "else [notice.text]\n", 'else notice.text.split("\\n")\n'),
    ),
    *in_file(
        "reactor_chat/text/render.py",
        ("tests/text/test_server_words.py", "tests/client/test_forged_marks.py"),
        (
            "a server's words are shown as ours",
            "_server_refusal(notice) if quotes_server else _refusal(notice, line_break)",
            "_refusal(notice, line_break)",
        ),
    ),
    *in_file(
        "reactor_chat/text/parser.py",
        PARSER,
        ("@@ keeps both signs", "unseen + bare[1:]", "unseen + bare"),
        (
            "what is said loses its blanks",
            "return Say(text=typed, id=request_id)",
            "return Say(text=bare, id=request_id)",
        ),
    ),
)
