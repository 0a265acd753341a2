"""Any bytes are a message or MessageInvalid, in bounded time; a message written and read again is the same message."""

from collections.abc import Callable
from random import Random
from typing import Any

from msgspec import structs

from fuzz.target import Target, mutated
from reactor_chat.errors import MessageInvalid
from reactor_chat.wire import codec
from reactor_chat.wire.messages import REQUESTS, Request

FIELDS = sorted({field.encode_name for kind in REQUESTS.values() for field in structs.fields(kind)} | {"type", "extra"})
VALUES = ('"x"', '""', "1", "0", "-1", "200", "201", "1e400", "NaN", "null", "true", "[]", '["a","b"]', "{}",
          '{"a":[1]}', '"\\ud800"', '"\\u0000"', "9" * 30, '"' + "A" * 43 + '="', "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]",
          '"\u202e"', '"\U0001f389"')  # fmt: skip
WORDS = [value.encode("utf-8", "surrogatepass") for value in VALUES] + [b'"', b"{", b"}", b",", b":", b"\\", b"\xff"]


def make(random: Random) -> bytes:
    """An object that is nearly a request, and damage."""
    fields = [f'"type":"{random.choice(list(REQUESTS))}"']
    fields += [f'"{random.choice(FIELDS)}":{random.choice(VALUES)}' for _ in range(random.randint(0, 5))]
    random.shuffle(fields)
    data = ("{" + ",".join(fields) + "}").encode("utf-8")
    return mutated(random, data, WORDS) if random.random() < 0.5 else data


def check(data: bytes, decode: Callable[[bytes], Request]) -> None:
    """Read, write, read again."""
    refusal = None
    try:
        request = decode(data)
    except MessageInvalid as error:
        refusal = error
    if refusal is not None:
        assert str(refusal), "the text names nothing"
        assert refusal.request_id is None or 1 <= len(refusal.request_id) <= 64
        return
    assert isinstance(request, tuple(REQUESTS.values()))
    assert decode(codec.encode(request)) == request


def trusting(data: bytes) -> Any:
    """A decoder without its first checks: what is not UTF-8 in a field nobody asked for passes, or worse."""
    data.decode("utf-8")
    return codec.decode_request(data)


TARGET = Target("codec", make, check, codec.decode_request, trusting)
