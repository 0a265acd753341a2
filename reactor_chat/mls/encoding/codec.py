"""Turn structs of the TLS presentation language into bytes and back, from one description each.

Theory of operation.  A struct is a value derived from `TlsStruct`; the annotation of each field carries,
inside `Annotated`, the `Wire` that encodes and decodes it.  A description is compiled when it is first used into two
flat loops over the fields, so the same line of source is what the type checker reads, what is sent and what is
accepted.

Decoding is canonical: exactly one byte string stands for each value.  Lengths use the shortest of the three forms of
RFC 9420 §2.1.2, presence octets are 0 or 1, unknown tags are refused and nothing may follow the last field.  Every
length is compared with its limit and with the bytes at hand before anything is copied.  Whatever is wrong with the
input, the one exception is `MlsMalformed`; limits hold for encoding too, so nothing can be sent that a peer of ours
would refuse.
"""

import operator
from collections.abc import Callable, Mapping
from typing import Annotated, Any, NamedTuple, Self, get_args, get_origin, get_type_hints

from msgspec.structs import astuple

from reactor_chat.errors import MlsMalformed
from reactor_chat.mls.values import Value

RECORD_BYTES_MAX = 16 * 1024 * 1024  # a Welcome for 1,000 members of the hybrid suite is 2.6 MB; four times the room

Encode = Callable[[Any], bytes]
Decode = Callable[[bytes, int], tuple[Any, int]]


_SHORT = [bytes((length,)) for length in range(0x40)]  # every key derivation writes two or three of these


class Wire(NamedTuple):
    """One wire type.

    Attributes:
        encode: value → its bytes; raises MlsMalformed beyond the limits.
        decode: (input, offset) → (value, offset behind it); raises MlsMalformed.
        condition: for a field that only some structs have: a judge of the fields before it.
    """

    encode: Encode
    decode: Decode
    condition: Callable[[list[Any]], bool] | None = None


def take(data: bytes, at: int, length: int) -> tuple[bytes, int]:
    """Cut `length` bytes out of `data` from offset `at`; MlsMalformed where fewer are left.

    Args:
        data: the whole input.
        at: an offset into it.
        length: 0 or more.
    """
    end = at + length
    if end > len(data):
        raise MlsMalformed("the input ends inside a field")
    return data[at:end], end


def encode_length(length: int) -> bytes:
    """Encode a length in the shortest form of 1, 2 or 4 bytes.

    Args:
        length: 0 to 2**30 - 1.

    Raises:
        MlsMalformed: the length cannot be written.

    Source: RFC 9420 §2.1.2.
    """
    if length < 0x40:
        return _SHORT[length]
    if length < 0x4000:
        return (length | 0x4000).to_bytes(2)
    if length < 0x4000_0000:
        return (length | 0x8000_0000).to_bytes(4)
    raise MlsMalformed("a length beyond 2**30 - 1 cannot be written")


def decode_length(data: bytes, at: int) -> tuple[int, int]:
    """Read a length, accepting only its shortest form.

    Args:
        data: the whole input.
        at: the offset of the length.

    Returns:
        The length and the offset behind it.

    Raises:
        MlsMalformed: cut short, not the shortest form, or the reserved prefix 0b11.

    Source: RFC 9420 §2.1.2.
    """
    if at >= len(data):
        raise MlsMalformed("the input ends before a length")
    first = data[at]
    if first < 0x40:
        return first, at + 1
    if first >= 0xC0:
        raise MlsMalformed("a length begins with a reserved prefix")
    size, smallest = (2, 0x40) if first < 0x80 else (4, 0x4000)
    raw, end = take(data, at, size)
    length = int.from_bytes(raw) & ((1 << (8 * size - 2)) - 1)
    if length < smallest:
        raise MlsMalformed("a length is not in its shortest form")
    return length, end


def with_length(content: bytes) -> bytes:
    """Encode `opaque content<V>` without a limit of its own."""
    length = len(content)
    return (_SHORT[length] if length < 0x40 else encode_length(length)) + content


def unsigned(size: int) -> Wire:
    """Describe an unsigned integer of `size` bytes, most significant first."""

    def encode(value: int) -> bytes:
        try:
            return value.to_bytes(size)
        except OverflowError:
            raise MlsMalformed("an integer does not fit its field") from None

    def decode(data: bytes, at: int) -> tuple[int, int]:
        end = at + size
        if end > len(data):
            raise MlsMalformed("the input ends inside an integer")
        return int.from_bytes(data[at:end]), end

    return Wire(encode, decode)


def opaque(bytes_max: int) -> Wire:
    """Describe `opaque<V>` of 0 to `bytes_max` bytes."""

    def encode(value: bytes) -> bytes:
        if len(value) > bytes_max:
            raise MlsMalformed("a byte string exceeds its limit")
        return encode_length(len(value)) + value

    def decode(data: bytes, at: int) -> tuple[bytes, int]:
        length, at = decode_length(data, at)
        if length > bytes_max:
            raise MlsMalformed("a byte string exceeds its limit")
        return take(data, at, length)

    return Wire(encode, decode)


def fixed(size: int) -> Wire:
    """Describe `opaque[size]`, a byte string without a length."""

    def encode(value: bytes) -> bytes:
        if len(value) != size:
            raise MlsMalformed("a byte string does not fill its field")
        return value

    return Wire(encode, lambda data, at: take(data, at, size))


def vector(item: Any, bytes_max: int, count_max: int = 4096) -> Wire:
    """Describe `item<V>`: `count_max` items and `bytes_max` bytes at most, one after another; read as a tuple.

    Args:
        item: what it is made of.
        bytes_max: of all items together, without the length before them.
        count_max: of items.
    """

    encode_item, decode_item, _ = wire_of(item)

    def encode(values: tuple[Any, ...]) -> bytes:
        body = b"".join([encode_item(value) for value in values])
        if len(body) > bytes_max or len(values) > count_max:
            raise MlsMalformed("a vector exceeds its limit")
        return encode_length(len(body)) + body

    def decode(data: bytes, at: int) -> tuple[tuple[Any, ...], int]:
        length, at = decode_length(data, at)
        end = at + length
        if length > bytes_max or end > len(data):
            raise MlsMalformed("a vector exceeds its limit or the input")
        values: list[Any] = []
        while at < end:
            if len(values) == count_max:
                raise MlsMalformed("a vector has too many items")
            value, at = decode_item(data, at)
            values.append(value)
        if at != end:
            raise MlsMalformed("the last item of a vector crosses its end")
        return tuple(values), end

    return Wire(encode, decode)


def optional(item: Any) -> Wire:
    """Describe `optional<item>`; absence is None."""

    encode_item, decode_item, _ = wire_of(item)

    def encode(value: Any) -> bytes:
        return b"\x00" if value is None else b"\x01" + encode_item(value)

    def decode(data: bytes, at: int) -> tuple[Any, int]:
        presence, at = take(data, at, 1)
        if presence == b"\x00":
            return None, at
        if presence != b"\x01":
            raise MlsMalformed("a presence octet is neither 0 nor 1")
        return decode_item(data, at)

    return Wire(encode, decode)


def tagged(tag: Any, variants: Mapping[int, type["TlsStruct"]]) -> Wire:
    """Describe `select (tag)`: the tag, then the struct that stands for it; the value's class is the tag.

    Args:
        tag: how the tag is encoded.
        variants: the struct for each tag.
    """
    encode_tag, decode_tag, _ = wire_of(tag)
    encoders = {variant: (encode_tag(number), wire_of(variant).encode) for number, variant in variants.items()}
    decoders = {number: wire_of(variant).decode for number, variant in variants.items()}

    def encode(value: "TlsStruct") -> bytes:
        encoded_tag, encode_variant = encoders[type(value)]
        return encoded_tag + encode_variant(value)

    def decode(data: bytes, at: int) -> tuple["TlsStruct", int]:
        number, at = decode_tag(data, at)
        decode_variant = decoders.get(number)
        if decode_variant is None:
            raise MlsMalformed("an unknown tag")
        return decode_variant(data, at)

    return Wire(encode, decode)


def only_if(condition: Callable[[list[Any]], bool], item: Any) -> Wire:
    """Describe a field that exists only where `condition` of the fields before it holds; absence is None.

    Args:
        condition: is given the values of the fields before it.
        item: the field where it holds.
    """
    encode, decode, _ = wire_of(item)
    return Wire(encode, decode, condition)


_compiled: dict[type, Wire] = {}


def wire_of(description: Any) -> Wire:
    """Return the wire type of a `Wire`, of an `Annotated` alias or of a `TlsStruct` class."""
    found = _compiled.get(description) if isinstance(description, type) else None
    if found is not None:
        return found
    if isinstance(description, Wire):
        return description
    if get_origin(description) is Annotated:
        return next(note for note in get_args(description) if isinstance(note, Wire))
    compiled = _compiled[description] = _compile(description)
    return compiled


def _compile(record: type["TlsStruct"]) -> Wire:
    hints = get_type_hints(record, include_extras=True)
    wires = [wire_of(hints[name]) for name in record.__struct_fields__]

    if all(wire.condition is None for wire in wires):
        return _flat(record, wires)

    def encode(value: Any) -> bytes:
        parts: list[bytes] = []
        seen: list[Any] = []
        for field, wire in zip(astuple(value), wires, strict=True):
            present = wire.condition is None or wire.condition(seen)
            if wire.condition is not None and present != (field is not None):
                raise MlsMalformed("a field is missing or out of place")
            if present:
                parts.append(wire.encode(field))
            seen.append(field)
        return b"".join(parts)

    def decode(data: bytes, at: int) -> tuple[Any, int]:
        seen: list[Any] = []
        for wire in wires:
            if wire.condition is None or wire.condition(seen):
                field, at = wire.decode(data, at)
                seen.append(field)
            else:
                seen.append(None)
        return record(*seen), at

    return Wire(encode, decode)


def _flat(record: type["TlsStruct"], wires: list[Wire]) -> Wire:
    """Compile a struct all of whose fields are always there: the common case, and the one that is hot."""
    encoders = [wire.encode for wire in wires]
    decoders = [wire.decode for wire in wires]

    def encode(value: Any) -> bytes:
        return b"".join(map(operator.call, encoders, astuple(value)))

    def decode(data: bytes, at: int) -> tuple[Any, int]:
        fields = []
        for decode_field in decoders:
            field, at = decode_field(data, at)
            fields.append(field)
        return record(*fields), at

    return Wire(encode, decode)


class TlsStruct(Value, frozen=True):
    """A struct of the specification; the annotations of its subclasses describe the wire."""

    def encode(self) -> bytes:
        """Return the struct's one encoding.

        Raises:
            MlsMalformed: a field exceeds its limit.

        Source: RFC 9420 §2.1.
        """
        return wire_of(type(self)).encode(self)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read a struct that fills `data` exactly.

        Args:
            data: 0 to RECORD_BYTES_MAX bytes.

        Raises:
            MlsMalformed: cut short, trailing bytes, a limit exceeded, or not the canonical encoding.

        Source: RFC 9420 §2.1.
        """
        value, end = cls.decode_from(data, 0)
        if end != len(data):
            raise MlsMalformed("bytes follow the last field")
        return value

    @classmethod
    def decode_from(cls, data: bytes, at: int) -> tuple[Self, int]:
        """Read a struct from offset `at`; the second result is the offset behind it."""
        if len(data) > RECORD_BYTES_MAX:
            raise MlsMalformed("the input exceeds the limit of any object")
        value, end = wire_of(cls).decode(data, at)
        return value, end


UInt8 = Annotated[int, unsigned(1)]
UInt16 = Annotated[int, unsigned(2)]
UInt32 = Annotated[int, unsigned(4)]
UInt64 = Annotated[int, unsigned(8)]
