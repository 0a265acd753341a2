"""The codec: one encoding for each value, and nothing but MlsMalformed for everything else."""

from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.errors import MlsMalformed
from reactor_chat.mls.encoding import codec
from reactor_chat.mls.encoding.codec import (
    TlsStruct,
    UInt8,
    UInt16,
    UInt32,
    decode_length,
    encode_length,
    fixed,
    only_if,
    opaque,
    optional,
    tagged,
    vector,
)


class Point(TlsStruct, frozen=True):
    """Two coordinates."""

    x: UInt16
    y: UInt16


class Name(TlsStruct, frozen=True):
    """A name of at most eight bytes."""

    name: Annotated[bytes, opaque(8)]


class Shape(TlsStruct, frozen=True):
    """Every kind of field."""

    number: UInt32
    mark: Annotated[bytes, fixed(2)]
    corners: Annotated[tuple[Point, ...], vector(Point, 12, 3)]
    owner: Annotated[Name | None, optional(Name)]
    part: Annotated[Point | Name, tagged(UInt8, {1: Point, 7: Name})]
    note: Annotated[bytes | None, only_if(lambda seen: seen[0] > 9, opaque(4))]


points = st.builds(Point, st.integers(0, 0xFFFF), st.integers(0, 0xFFFF))
names = st.builds(Name, st.binary(max_size=8))


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    """Return any shape."""
    number = draw(st.integers(0, 20))
    return Shape(
        number,
        draw(st.binary(min_size=2, max_size=2)),
        tuple(draw(st.lists(points, max_size=3))),
        draw(st.none() | names),
        draw(points | names),
        draw(st.binary(max_size=4)) if number > 9 else None,
    )


@given(shapes())
def test_whole_truncated_and_with_a_tail(shape: Shape) -> None:
    """Whole it comes back; cut anywhere, or followed by anything, it is malformed."""
    encoded = shape.encode()
    assert Shape.decode(encoded) == shape
    for end in range(len(encoded)):
        with pytest.raises(MlsMalformed):
            Shape.decode(encoded[:end])
    for tail in (b"\x00", b"\xff", encoded):
        with pytest.raises(MlsMalformed):
            Shape.decode(encoded + tail)
    assert Shape.decode_from(b"before" + encoded + b"after", 6) == (shape, 6 + len(encoded))


@given(st.binary(max_size=40))
def test_what_decodes_encodes_the_same(data: bytes) -> None:
    """No two byte strings stand for one value."""
    try:
        shape = Shape.decode(data)
    except MlsMalformed:
        return
    assert shape.encode() == data


@given(st.integers(0, 2**30 - 1))
def test_lengths_are_shortest(length: int) -> None:
    """A length has one form, of 1, 2 or 4 bytes."""
    encoded = encode_length(length)
    assert len(encoded) == (1 if length < 64 else 2 if length < 16384 else 4)
    assert decode_length(encoded + b"rest", 0) == (length, len(encoded))


@pytest.mark.parametrize(
    "encoded",
    ["4000", "403f", "80000000", "80003fff", "c000000000000000", "ff", "40", "800000", ""],
    ids=[
        "0 in two",
        "63 in two",
        "0 in four",
        "16383 in four",
        "eight",
        "reserved",
        "cut in two",
        "cut in four",
        "none",
    ],
)
def test_other_lengths_are_refused(encoded: str) -> None:
    """Not the shortest form, the reserved prefix, or cut short."""
    with pytest.raises(MlsMalformed):
        decode_length(bytes.fromhex(encoded), 0)


def test_lengths_have_an_end() -> None:
    """2**30 cannot be written."""
    assert encode_length(2**30 - 1) == b"\xbf\xff\xff\xff"
    with pytest.raises(MlsMalformed):
        encode_length(2**30)


@pytest.mark.parametrize(("size", "fits"), [(7, True), (8, True), (9, False)])
def test_limit_of_a_string(size: int, fits: bool) -> None:  # noqa: FBT001 - a table of cases
    """Limit - 1, limit, limit + 1, both ways."""
    encoded = bytes((size,)) + bytes(size)
    if fits:
        assert Name(bytes(size)).encode() == encoded
        assert Name.decode(encoded) == Name(bytes(size))
        return
    with pytest.raises(MlsMalformed):
        Name(bytes(size)).encode()
    with pytest.raises(MlsMalformed):
        Name.decode(encoded)


class Many(TlsStruct, frozen=True):
    """Three items, or three bytes, at most."""

    items: Annotated[tuple[int, ...], vector(UInt8, 6, 3)]


@pytest.mark.parametrize(("count", "fits"), [(2, True), (3, True), (4, False), (7, False)])
def test_limit_of_a_vector(count: int, fits: bool) -> None:  # noqa: FBT001 - a table of cases
    """Items are counted, not only bytes."""
    encoded = bytes((count,)) + bytes(count)
    if fits:
        assert Many.decode(encoded).items == (0,) * count
        return
    with pytest.raises(MlsMalformed):
        Many.decode(encoded)
    with pytest.raises(MlsMalformed):
        Many((0,) * count).encode()


def test_an_item_must_not_cross_the_end_of_its_vector() -> None:
    """A vector of three bytes holds no point and a half."""
    with pytest.raises(MlsMalformed):
        Shape.decode(bytes(4) + b"ab" + b"\x03\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00")


@pytest.mark.parametrize("value", [-1, 0x1_0000])
def test_integers_fit_or_are_refused(value: int) -> None:
    """No integer is cut to size."""
    with pytest.raises(MlsMalformed):
        Point(value, 0).encode()


def test_presence_tags_and_conditions() -> None:
    """A presence octet of 2, an unknown tag, a field that is missing or out of place."""
    good = Shape(10, b"ab", (), None, Point(1, 2), b"n")
    encoded = good.encode()
    assert Shape.decode(encoded) == good
    with pytest.raises(MlsMalformed):
        Shape.decode(encoded[:7] + b"\x02" + encoded[8:])
    with pytest.raises(MlsMalformed):
        Shape.decode(encoded[:8] + b"\x03" + encoded[9:])
    with pytest.raises(MlsMalformed):
        Shape(10, b"ab", (), None, Point(1, 2), None).encode()
    with pytest.raises(MlsMalformed):
        Shape(1, b"ab", (), None, Point(1, 2), b"n").encode()
    with pytest.raises(MlsMalformed):
        Shape(1, b"abc", (), None, Point(1, 2), None).encode()


def test_no_input_is_too_large_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    """The size of the whole is looked at first."""
    monkeypatch.setattr(codec, "RECORD_BYTES_MAX", 4)
    assert Point.decode(bytes(4)) == Point(0, 0)
    with pytest.raises(MlsMalformed, match="exceeds the limit of any object"):
        Point.decode(bytes(5))
