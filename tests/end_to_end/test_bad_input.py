"""Nothing a client sends raises, stalls the others, changes their connections, or prints a traceback."""

import random
import time
from collections.abc import Callable

from tests.end_to_end.client import Client, Server, framed

Junk = Callable[[Server], None]


def send_and_vanish(*pieces: bytes, name: str | None = "Junk") -> Junk:
    """Send bytes on a connection that is reset, and on another that is closed after its half."""

    def send(server: Server) -> None:
        for leave in (Client.reset, Client.half_close):
            client = server.client(name and f"{name}{len(server.streams)}")
            for piece in pieces:
                client.raw(piece)
            leave(client)
            if leave is Client.half_close:
                client.to_the_end()

    return send


def drip(server: Server) -> None:
    client = server.client()
    for byte in framed({"type": "login", "name": "Drip", "protocol": 1}):
        client.raw(bytes([byte]))
    client.expect("welcome")
    for byte in framed({"type": "say", "text": "drip"}):
        client.raw(bytes([byte]))
    client.expect("said", text="drip")


def eight_bad_messages(server: Server) -> None:
    client = server.client("Eight")
    client.raw(framed(b"[]") * 9)
    got = client.to_the_end()
    assert [one.get("code", one.get("reason")) for one in got] == ["bad_message"] * 8 + ["violation"]


def every_prefix_of_a_frame(server: Server) -> None:
    whole = framed({"type": "login", "name": "Prefix", "protocol": 1})
    for end in range(len(whole)):
        client = server.client()
        client.raw(whole[:end])
        client.half_close()
        assert client.to_the_end() == []


def noise(server: Server) -> None:
    chance = random.Random(20)  # noqa: S311  a test's noise
    for number in range(20):
        client = server.client(f"Noise{number}")
        try:
            for _ in range(20):
                client.raw(framed(chance.randbytes(chance.randrange(1, 300))))
            client.raw(chance.randbytes(5_000))
        except ConnectionError:
            pass
        client.to_the_end()


def bytes_on_the_lines_door(server: Server) -> None:
    typist = server.typist("Typist")
    typist.raw(b"\xff\xfe\n\0\n\x1b[2J\n\xe2\x80\xae\n" + b"\r" * 50 + b"\n")
    typist.type("@names")
    typist.until("[Connected users: ")
    typist.type("x" * 16_385)
    assert typist.to_the_end().strip().endswith("A line has at most 16384 bytes")
    for raw in (b"", b"\n" * 5, b"\0\0\0\x05hello", b"\xff" * 100 + b"\n", b"x" * 40_000):
        silent = server.typist()
        silent.raw(raw)
        silent.half_close()
        silent.to_the_end()


def frames_on_the_lines_door_and_lines_on_the_frames_door(server: Server) -> None:
    typist = server.typist()
    typist.raw(framed({"type": "login", "name": "X", "protocol": 1}) * 3)
    typist.reset()
    client = server.client()
    client.raw(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert [got.get("code") for got in client.to_the_end()] == ["bad_frame", None]
    hello = server.client()
    hello.raw(bytes.fromhex("160301020001000200"))  # TLS
    assert [got.get("code") for got in hello.to_the_end()] == ["bad_frame", None]


DEEP = b'{"type":"ping","x":' + b"[" * 30_000 + b"]" * 30_000 + b"}"
JUNK: dict[str, Junk] = {
    "a frame cut short": send_and_vanish(framed({"type": "say", "text": "x"})[:-1]),
    "a length and nothing": send_and_vanish(b"\0\0\xff\xff"),
    "no login": send_and_vanish(b"", name=None),
    "a cut login": send_and_vanish(b"\0\0", name=None),
    "not UTF-8": send_and_vanish(framed(b'{"type":"say","text":"\xff"}')),
    "deep": send_and_vanish(framed(DEEP)),
    "escaped quotes": send_and_vanish(framed(b"[" * 17 + b'"' + b'\\"' * 32_000) * 3),
    "a huge number": send_and_vanish(framed(b'{"type":"history","limit":' + b"9" * 60_000 + b"}")),
    "infinity": send_and_vanish(framed(b'{"type":"say","sealed":{"x":1e999}}')),
    "surrogates": send_and_vanish(framed(b'{"type":"say","text":"\\ud800"}'), framed(b'{"\\udfff":1,"type":"ping"}')),
    "a long type": send_and_vanish(framed(b'{"type":"' + b"\\u0001" * 10_000 + b'"}')),
    "many keys": send_and_vanish(framed(b'{"type":"ping"' + b"".join(b',"%d":1' % n for n in range(7_000)) + b"}")),
    "twice the same key": send_and_vanish(framed(b'{"type":"ping","type":"ping","data":"a","data":"b"}')),
    "names nobody has": send_and_vanish(framed({"type": "tell", "to": "\0\x1b[2J" * 999, "text": "x"})),
    "a long list": send_and_vanish(framed({"type": "group_set", "group": "g", "members": ["Junk"] * 5_000})),
    "drip": drip,
    "eight bad messages": eight_bad_messages,
    "every prefix of a frame": every_prefix_of_a_frame,
    "noise": noise,
    "bytes on the lines door": bytes_on_the_lines_door,
    "the wrong door": frames_on_the_lines_door_and_lines_on_the_frames_door,
}


def test_nobody_else_notices(server: Server) -> None:
    ann, bob = server.client("Ann"), server.client("Bob")
    for number, (what, junk) in enumerate(JUNK.items()):
        began = time.monotonic()
        junk(server)
        ann.send("say", text=f"after {what}", id=f"{number}")
        ann.expect("accepted", re=f"{number}")
        assert bob.expect("said", text=f"after {what}")
        assert server.process.poll() is None, what
        assert "Traceback" not in server.stderr(), what
        assert time.monotonic() - began < 10, f"{what} takes a fraction of a second"
    assert not [got for got in ann.heard + bob.heard if got["type"] in ("refused", "bye")]
    said = [got["text"] for got in bob.heard if got["type"] == "said" and got["from"] == "Ann"]
    assert said == [f"after {what}" for what in JUNK]


def test_a_reader_that_never_reads_is_sent_away_and_resumes_without_loss(server: Server) -> None:
    ann, slow = server.client("Ann"), server.client("Slow")
    last = slow.heard[-1]["seq"]
    count = 0
    while not any(got["type"] == "exited" for got in ann.heard):
        assert count < 5_000, "40 MB, and nobody minded"
        for _ in range(10):
            ann.send("say", text=f"{count} " + "x" * 8_000)
            count += 1
        ann.until_pong()
    *heard, bye = slow.to_the_end()
    assert (bye["type"], bye["reason"]) == ("bye", "too_slow")
    heard = [got for got in heard if got["type"] == "said"]
    last = heard[-1]["seq"] if heard else last
    texts = [got["text"].split()[0] for got in heard]
    while len(texts) < count:
        again = server.client("Slow", after=last)
        page = [got for got in again.until_pong() if got["type"] == "said"]
        texts += [got["text"].split()[0] for got in page]
        last = page[-1]["seq"]
        again.send("quit")
        again.to_the_end()
    assert texts == [str(number) for number in range(count)]


def test_a_pipeline_of_long_answers_is_answered_to_the_end(server: Server) -> None:
    ann = server.client("Ann")
    for number in range(10):
        ann.send("say", text=f"{number}" + "x" * 16_000)
    ann.until_pong()
    for number in range(200):
        ann.send("history", id=f"{number}")
    for number in range(200):
        assert ann.expect("history")["re"] == f"{number}"


def test_what_was_sent_before_leaving_counts(server: Server) -> None:
    ann, bob = server.client("Ann"), server.client("Bob")
    bob.raw(b"".join(framed({"type": "say", "text": f"{n}"}) for n in range(50)) + b"\0\0")
    bob.half_close()
    assert [got["text"] for got in bob.to_the_end() if got["type"] == "said"] == [str(n) for n in range(50)]
    ann.expect("exited", name="Bob")
    assert [got["text"] for got in ann.heard if got["type"] == "said"] == [str(n) for n in range(50)]
    server.client("Bob")
