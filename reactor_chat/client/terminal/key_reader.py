"""Turns the bytes of a terminal into keys, however they are cut, and takes for keys only what somebody pressed.

Theory of operation.  Text is UTF-8.  Everything else begins with Escape (or its 8-bit form): a key is a short sequence,
a paste comes between two of them, and what other programs asked the terminal arrives here too, as sequences or as
strings (OSC, DCS, APC) with an end of their own.  Those are dropped.  All of it may come in pieces, so what is not
decided yet waits, and waiting ends at `deadline`:

- Escape and a letter are a key with Alt where they come within `ALT_SECONDS_MAX`.  Later, an Escape was pressed by
  itself, and is the key "Esc"; what follows is text, unless it comes in one piece and makes the Escape a sequence that
  terminals send, which counts then as well.
- Whatever else has begun waits `REST_SECONDS_MAX` for its rest.  Then a sequence or a string is dropped, a paste is
  over, and a character that is not complete is not UTF-8.
- A string and a paste are kept waiting only by what comes as quickly as machines send, so nobody who types into one
  that lost its end has to wait longer.

The first key of a pair that means something together (Ctrl-X Ctrl-E) is kept back until the next key: the pair is one
key with both names; with any other key after it, the first one was nothing.

A byte that is not UTF-8 becomes half a surrogate pair, as in `lines`; whoever sends the line has to refuse it.
"""

import re
from collections.abc import Collection
from enum import Enum, auto

from reactor_chat.client.commands.keys import KEYPAD, SEQUENCES, TOLD, Key, control, with_modifiers

ALT_SECONDS_MAX = 0.1  # what follows ESC later is a key of its own: terminals send Alt in one piece
REST_SECONDS_MAX = 1.0  # for the rest of a sequence on a slow line; somebody who waits longer has lost it
MACHINE_SECONDS_MAX = 0.05
"""Between two bytes that no finger sent."""

PASTE_CHARS_MAX = 65_536  # as many as the editor takes
SEQUENCE_BYTES_MAX = 64  # longer than the sequence of any key

_PASTE_BYTES_MAX = 4 * PASTE_CHARS_MAX
_PASTE_END, _PASTE_END_UTF_8, _PASTE_END_EIGHT_BIT = b"\x1b[201~", b"\xc2\x9b201~", b"\x9b201~"

_character = (
    rb"[\x20-\x7e]|\xc2[\xa0-\xbf]|[\xc3-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}"
    rb"|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)
_text = re.compile(rb"(?:" + _character + rb")+")
_half_character = re.compile(
    rb"[\xc2-\xdf]|\xe0[\xa0-\xbf]?|[\xe1-\xec\xee\xef][\x80-\xbf]?|\xed[\x80-\x9f]?"
    rb"|\xf0(?:[\x90-\xbf][\x80-\xbf]?)?|[\xf1-\xf3][\x80-\xbf]{0,2}|\xf4(?:[\x80-\x8f][\x80-\xbf]?)?"
)
_eight_bit = re.compile(rb"\xc2?([\x8f\x90\x98\x9b\x9d-\x9f])")
_other_eight_bit = re.compile(rb"\xc2[\x80-\x9f]")

_bare = re.compile(rb"\x1b[\[O\]PX^_]?")
_control_sequence = re.compile(rb"\x1b\[([0-?]*)([ -/]*)([@-~])")
_control_sequence_begun = re.compile(rb"\x1b\[[0-?]*[ -/]*")
_console_key = re.compile(rb"\x1b\[\[[A-E]")
_old_mouse = re.compile(rb"\x1b\[M[\x00-\xff]{3}")
_single_shift = re.compile(rb"\x1bO([0-9;]*)([@-~])")
_single_shift_begun = re.compile(rb"\x1bO[0-9;]*")
_string = re.compile(rb"\x1b(?:\](?:[0-9]+[;\x07\x1b]|[lLI])|P[0-9;<=>?!$+|{]|[X^_][\x20-\x7e])")
_string_begun = re.compile(rb"\x1b(?:\][0-9]*|[PX^_])")
_late = re.compile(
    rb"\x1b(?:\[[0-?][0-?]*[@-~]|\[[ABCDHFIOZ]|\[\[[A-E]|\[M[\x00-\xff]{3}|O[ABCDHFMPQRS]"
    rb"|\][0-9]+[;\x07\x1b]|P[0-9;<=>?!$+|{]|_G)"
)
"""What may follow an Escape that was taken for a key of its own and still make one sequence with it."""
_late_begun = re.compile(rb"\x1b(?:\[[0-?]*|\[\[|\[M[\x00-\xff]{0,2}|O|\][0-9]*|[P_])?")
_string_inside = {False: re.compile(rb"[^\x00-\x1f\x7f]*"), True: re.compile(rb"[^\x00-\x1f\x7f\x9c]*")}
"""By whether it began with 8 bits; else 0x9C may be the middle of a character in it."""
_end_begun = re.compile(rb"(?:\x1b(?:\[(?:20?1?)?)?|\xc2?\x9b(?:20?1?)?|\xc2)\Z")
_number = re.compile(r"\d{1,7}")

_ALONE = {9: "Tab", 13: "Enter", 27: "Esc", 8: "Backspace", 127: "Backspace", 57_414: "Enter"} | dict(
    enumerate("Left Right Up Down PgUp PgDn Home End Insert Delete".split(), 57_417)
)
"""Keys by the number of their character, or by the number that kitty gives them."""

_KEYPAD_SIGNS = dict(enumerate("0123456789./*-+", 57_399)) | {57_415: "=", 57_416: ","}
_PRIVATE_KEYS = range(57_344, 63_744)
_LAST = dict(zip("ABCDHFPQSZ", "Up Down Right Left Home End F1 F2 F4 Tab".split(), strict=True))
"""Keys by the last letter of their sequence; F3 is missing, which is told apart from no answer about the cursor."""

_RXVT = {"^": 4, "@": 5}
"""The last letter where others are held down, and which."""

_mouse = re.compile(r"<(\d{1,4};\d{1,5};\d{1,5})")


class _Inside(Enum):
    NOTHING = auto()
    STRING = auto()
    PASTE = auto()


class KeyReader:
    """Turns the terminal's bytes into keys.

    Args:
        chords: names of two keys with a blank between them, which mean something one after the other.

    Attributes:
        deadline: when `due` wants to be called, monotonic seconds; None while nothing is waiting.
        is_torn: a paste was ended because nothing more of it came; what comes at once may be its rest.
    """

    def __init__(self, chords: Collection[str] = ()) -> None:
        self.deadline: float | None = None
        self.is_torn = False
        self._chords = frozenset(chords)
        self._firsts = {chord.partition(" ")[0] for chord in chords}
        self._first = ""  # of a chord, and its second is not there yet
        self._pending = b""
        self._settled = 0  # how much of it is no text, and no sequence either unless its rest comes in one piece
        self._inside = _Inside.NOTHING
        self._is_eight_bit = False  # what we are inside of began so, and ends so
        self._pasted = bytearray()
        self._last_at = float("-inf")

    def feed(self, data: bytes, now: float) -> list[Key]:
        """Take what came; return the keys that are complete, in their order."""
        return self._with_chords(self._fed(data, now))

    def due(self, now: float) -> list[Key]:
        """Decide about what has waited long enough; return what it was."""
        return self._with_chords(self._due(now))

    def _fed(self, data: bytes, now: float) -> list[Key]:
        keys = self._due(now)
        is_typed = len(data) == 1 and now - self._last_at > MACHINE_SECONDS_MAX
        was_inside = self._inside
        self._last_at = now
        self._pending += data
        keys += self._complete()
        if self.is_torn and (Key("PasteEnd") in keys or (is_typed and data < b" ")):
            self.is_torn = False
        if not (is_typed and self._inside is was_inside is not _Inside.NOTHING):
            self._wait(now)
        return keys

    def _due(self, now: float) -> list[Key]:
        if self.deadline is None or now < self.deadline:
            return []
        self.deadline = None
        if self._inside is _Inside.PASTE:
            self.is_torn = True
            self._pasted += _end_begun.sub(b"", self._pending)
            self._pending = b""
            return [self._paste()]
        if self._inside is _Inside.STRING:
            self._inside, self._pending = _Inside.NOTHING, b""
        elif not self._settled and _bare.fullmatch(self._as_escape()[0]):
            self._settled = len(self._pending)
            self.deadline = now + REST_SECONDS_MAX - ALT_SECONDS_MAX
            return [Key("Esc")] if self._pending == b"\x1b" else []
        else:
            keys = self._given_up()
            self._wait(now)  # what is left may have begun something
            return keys
        return []

    def _with_chords(self, keys: list[Key]) -> list[Key]:
        if not self._first and not any(key.name in self._firsts for key in keys):
            return keys
        found = []
        for key in keys:
            if not key.name or key.name in TOLD:
                found.append(key)
            elif (chord := f"{self._first} {key.name}") in self._chords:
                self._first = ""
                found.append(Key(chord))
            elif key.name in self._firsts:
                self._first = key.name
            else:
                self._first = ""
                found.append(key)
        return found

    def _given_up(self) -> list[Key]:
        before, rest = self._pending[: self._settled], self._pending[self._settled :]
        self._pending = b""
        if self._settled:
            self._pending = before + rest
            return [self._take(self._settled, self._settled_key()), *self._complete()]
        return [] if rest[:1] in (b"\x1b", b"") else [Key("Text", rest.decode("utf-8", "surrogateescape"))]

    def _complete(self) -> list[Key]:
        keys: list[Key] = []
        while self._pending and (key := self._next()) is not None:
            keys.append(key)
        return keys

    def _wait(self, now: float) -> None:
        if self._inside is _Inside.NOTHING and not self._pending:
            self.deadline = None
        elif self._inside is _Inside.NOTHING and not self._settled and _bare.fullmatch(self._as_escape()[0]):
            self.deadline = now + ALT_SECONDS_MAX
        else:
            self.deadline = now + REST_SECONDS_MAX

    # ------------------------------------------------------------------------------------------ one key

    def _next(self) -> Key | None:
        """Take the next key from what is pending; None where that is not complete."""
        if self._inside is _Inside.PASTE:
            return self._rest_of_paste()
        if self._inside is _Inside.STRING:
            return self._rest_of_string()
        sequence, saved = self._as_escape()
        return self._escaped(sequence, saved) if sequence[:1] == b"\x1b" else self._plain()

    def _plain(self) -> Key | None:
        if found := _text.match(self._pending):
            return self._take(found.end(), Key("Text", found[0].decode("utf-8")))
        if self._pending[0] < 0x20 or self._pending[0] == 0x7F:
            return self._take(1, Key(control(chr(self._pending[0]))))
        if _half_character.fullmatch(self._pending):
            return None
        if _other_eight_bit.match(self._pending):
            return self._take(2, Key(""))
        return self._take(1, Key("Text", self._pending[:1].decode("utf-8", "surrogateescape")))

    def _as_escape(self) -> tuple[bytes, int]:
        """What is pending, with an 8-bit beginning in the 7-bit form; and how many bytes longer that made it."""
        found = _eight_bit.match(self._pending)
        if found is None:
            return self._pending, 0
        return b"\x1b" + bytes((found[1][0] - 0x40,)) + self._pending[found.end() :], 2 - found.end()

    def _take(self, count: int, key: Key) -> Key:
        self._pending, self._settled = self._pending[count:], 0
        return key

    def _escaped(self, sequence: bytes, saved: int) -> Key | None:
        if self._settled and not _late.match(sequence):
            return None if _late_begun.fullmatch(sequence) else self._take(self._settled, self._settled_key())
        kind = sequence[1:2]
        if not kind:
            return None
        if kind == b"[":
            return self._control_sequence(sequence, saved)
        if kind == b"O":
            return self._single_shift(sequence, saved)
        if kind in (b"]", b"P", b"X", b"^", b"_"):
            return self._string_begins(sequence, saved)
        return self._with_alt(sequence)

    def _settled_key(self) -> Key:
        """What it was, if it began no sequence: Escape, told already; or a byte of 8 bits, of another encoding."""
        byte = self._pending[:1]
        return Key("Text", byte.decode("utf-8", "surrogateescape")) if b"\x80" <= byte < b"\xa0" else Key("")

    def _with_alt(self, sequence: bytes) -> Key | None:
        sign = chr(sequence[1])
        if sign in SEQUENCES or " " <= sign <= "~":
            return self._take(2, Key(SEQUENCES.get(sign) or f"Alt-{sign.upper()}"))
        if sequence[1] < 0x80:
            return self._take(1, Key(""))  # an Escape, and then another key
        if _half_character.fullmatch(sequence, 1):
            return None
        found = _text.match(sequence, 1)
        return self._take(1 if found is None else 1 + len(found[0].decode("utf-8")[0].encode()), Key(""))

    def _control_sequence(self, sequence: bytes, saved: int) -> Key | None:
        if sequence[2:3] == b"[":
            if len(sequence) == 3:
                return None
            is_key = _console_key.match(sequence) is not None
            name = SEQUENCES[sequence[1:4].decode("ascii")] if is_key else ""
            return self._take((4 if is_key else 3) - saved, Key(name))
        if sequence[2:3] == b"M":
            return self._take(6 - saved, Key("")) if _old_mouse.match(sequence) else None
        if found := _control_sequence.match(sequence):
            self._is_eight_bit = saved > 0  # in UTF-8, the byte may be the end of another character
            self._take(found.end() - saved, Key(""))
            return self._named(found)
        begun = _control_sequence_begun.match(sequence)
        assert begun is not None
        if begun.end() < len(sequence):  # it broke off, and something else begins
            return self._take(begun.end() - saved, Key(""))
        if len(sequence) > SEQUENCE_BYTES_MAX:
            self._pending = b"\x1b[?"  # none of ours is so long: forget it, but for where it ends
        return None

    def _named(self, found: re.Match[bytes]) -> Key:
        parameters, between, last = (part.decode("ascii") for part in found.groups())
        name = SEQUENCES.get(f"[{parameters}{between}{last}")
        if name == "Paste":
            self._inside = _Inside.PASTE
            return Key("")
        if name is not None:
            return Key(name)
        if last in "Mm" and (mouse := _mouse.fullmatch(parameters)) is not None:
            return Key("Mouse", f"{mouse[1]}{last}")
        return Key("") if between else key_with_parameters(parameters, last)

    def _single_shift(self, sequence: bytes, saved: int) -> Key | None:
        if found := _single_shift.match(sequence):
            self._take(found.end() - saved, Key(""))
            name, modifiers = f"O{found[2].decode('ascii')}", found[1].rpartition(b";")[2]
            if name in KEYPAD:
                return Key("Text", KEYPAD[name])
            key = SEQUENCES.get(name, "")  # of rxvt's, some say already what is held down
            return Key(with_modifiers(key, max(int(modifiers or 1), 1) - 1) if key and "-" not in key else key)
        if _single_shift_begun.fullmatch(sequence) and len(sequence) <= SEQUENCE_BYTES_MAX:
            return None
        return self._take(2 - saved, Key("Alt-O"))

    def _string_begins(self, sequence: bytes, saved: int) -> Key | None:
        if _string.match(sequence):
            self._inside, self._is_eight_bit = _Inside.STRING, self._pending[:1] != b"\x1b"
            return self._take(2 - saved, Key(""))
        if _string_begun.fullmatch(sequence) and len(sequence) <= SEQUENCE_BYTES_MAX:
            return None
        return self._take(2 - saved, Key(f"Alt-{chr(sequence[1])}"))

    def _rest_of_string(self) -> Key | None:
        found = _string_inside[self._is_eight_bit].match(self._pending)
        self._pending = self._pending[found.end() if found else 0 :]
        if self._pending in (b"", b"\x1b"):
            return None
        # Any other control character was pressed by somebody who waits for a string that lost its end.
        is_end = self._pending.startswith((b"\x07", b"\x1b\\", b"\x18", b"\x1a", b"\x9c"))
        return self._string_ends((2 if self._pending[:1] == b"\x1b" else 1) if is_end else 0)

    def _string_ends(self, count: int) -> Key:
        self._inside = _Inside.NOTHING
        return self._take(count, Key(""))

    def _rest_of_paste(self) -> Key | None:
        ends = (_PASTE_END, _PASTE_END_UTF_8, _PASTE_END_EIGHT_BIT)[: 3 if self._is_eight_bit else 2]
        end = min((at for mark in ends if (at := self._pending.find(mark)) >= 0), default=-1)
        # The end may have come in part, so as many bytes are kept back.
        inside = self._pending[: end if end >= 0 else 1 - len(_PASTE_END)]
        self._pasted += inside[: _PASTE_BYTES_MAX - len(self._pasted)]
        self._pending = self._pending[len(inside) :]
        if end < 0:
            return None
        self._pending = self._pending[self._pending.index(b"~") + 1 :]
        return self._paste()

    def _paste(self) -> Key:
        text = bytes(self._pasted).replace(b"\x1b[200~", b"").decode("utf-8", "surrogateescape")
        self._inside = _Inside.NOTHING
        self._pasted.clear()
        return Key("Paste", text[:PASTE_CHARS_MAX])


def key_with_parameters(parameters: str, last: str) -> Key:
    """Return the key of a control sequence that no table holds: a key with modifiers, or a character in kitty's form.

    Args:
        parameters: what stands between `ESC [` and the last character.
        last: that.
    """
    groups = [group.split(":") for group in parameters.split(";")]
    if not all(_number.fullmatch(number) or not number for group in groups for number in group):
        return Key("")
    numbers = [[int(number or 0) for number in group] for group in groups]
    if last == "R" and len(numbers) == 2:
        return Key("CursorAt", parameters)
    if last == "~" and numbers[0] == [27] and len(numbers) == 3:  # modifyOtherKeys: 27, modifiers, character
        return _typed(numbers[2], max(numbers[1][0], 1) - 1, "")
    modifiers = numbers[1] if len(numbers) > 1 else [1]
    if modifiers[1:2] == [3]:
        return Key("")  # it was let go
    bits = (max(modifiers[0], 1) - 1) | (last == "Z")
    if last == "u":
        text = "".join(chr(code) for code in (numbers[2] if len(numbers) > 2 else []) if 0x20 <= code < 0xD800)
        return _typed(numbers[0], bits, text)
    if last in _RXVT:
        last, bits = "~", _RXVT[last]
    name = _LAST.get(last) or SEQUENCES.get(f"[{numbers[0][0]}~" if last == "~" else "", "")
    return Key("" if name.startswith("Paste") else with_modifiers(name, bits) if name else "")


def _typed(codes: list[int], bits: int, text: str) -> Key:
    """A key by its character.

    Args:
        codes: of the character; with Shift, where kitty says that; and where the key is on an English keyboard.
        bits: 1 Shift, 2 Alt, 4 Ctrl, above that what no key here uses.
        text: what it types, where kitty says that.
    """
    code, shifted, english = (*codes, 0, 0)[:3]
    if code in _ALONE:
        return Key(with_modifiers(_ALONE[code], bits))
    if code in _KEYPAD_SIGNS:
        return Key("Text", _KEYPAD_SIGNS[code])
    if bits & 0b111000 or not (0x20 <= code < 0xD800 or 0xE000 <= code < 0x110000) or code in _PRIVATE_KEYS:
        return Key("")
    if bits & 0b110:
        sign = chr(english if 0x20 < english < 0x7F else code).upper()
        name = {" ": "Space", "/": "_" if bits & 4 else "/"}.get(sign, sign)  # Ctrl-/ was Ctrl-_ ever since
        return Key(with_modifiers(name, bits & 0b110))
    sign = chr(shifted) if 0x20 <= shifted < 0xD800 else chr(code).upper() if bits & 1 else chr(code)
    return Key("Text", text or sign)
