"""The protocol of this chat, as the fuzzer of running servers speaks it; written from PROTOCOL, without the package."""

import hashlib
import json
import struct
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import strategies as st

from fuzz.live import chat_words
from fuzz.live.chat_model import ChatModel
from fuzz.live.chat_shapes import REQUIRED
from fuzz.live.protocol import CLOSED, Act, Protocol, Spoken

NUMBERED = {"said", "told", "group_said", "joined", "exited", "group_changed"}
NOT_SENT = {"pad", "proof"}
KEYS = [Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2)]
FUTURE = 2**52
"""A number that no chat has reached."""
PLACES = {"first", "last", "future"}
"""Words in place of a number: of the first and the last thing that is known to have happened, and of none yet."""
LISTS = {"names": "names", "groups": "groups", "members": "members", "read_marks": "marks"}
"""Notices that may come in several parts, and the field that is one list."""


class Chat(Protocol):
    """How the chat is spoken."""

    name = "chat"
    greets = True
    requests = tuple(REQUIRED)
    notices = tuple(
        "hello welcome bye refused said told group_said joined exited group_changed accepted names groups members "
        "history read_marks help pong".split()
    )
    refusals = tuple(
        "bad_protocol bad_frame bad_message bad_text no_space bad_name name_reserved name_taken bad_signature "
        "login_first login_timeout already_logged_in invalid_command no_such_user no_such_group group_exists "
        "not_a_member not_the_owner already_a_member bad_group_name too_many too_long too_fast gap "
        "server_full not_allowed".split()
    )

    def conversations(self) -> st.SearchStrategy[list[Act]]:
        """Return the strategy of `chat_words`."""
        return chat_words.conversations

    def model(self, prefix: str) -> ChatModel:
        """Return a chat in which nobody is."""
        return ChatModel(prefix)

    def speak(self, what: Any, conn: int, heard: Mapping[int, Sequence[Any]], prefix: str, binding: bytes) -> Spoken:
        """Return a frame, most of them whole and valid."""
        if "head" in what:
            return Spoken(bytes.fromhex(what["head"]), what)
        if "bytes" in what:
            payload = bytes.fromhex(what["hex"]) if "hex" in what else what["payload"].encode()
            return Spoken(self.framed(payload), what)
        said: dict[str, Any] = chat_words.written(what, prefix)
        for field in ("after", "before", "seq"):
            if said.get(field) in PLACES:
                said |= {field: _number(said[field], heard, prefix)}
        sent = {field: value for field, value in said.items() if field not in NOT_SENT}
        if "key" in sent:
            sent |= _proof(sent, heard[conn][0], binding, is_right=said.get("proof", True))
        payload = _padded(sent, said.get("pad"))
        limits = heard[conn][0]["limits"]
        return Spoken(
            struct.pack(">I", len(payload)) + payload,
            {**said, "frame_bytes": len(payload), "frame_bytes_max": limits["frame_bytes_max"]},
        )

    def read(self, payload: bytes) -> Any:
        """Return an object that has a type."""
        message = json.loads(payload.decode("utf-8"))
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise ValueError("it is no object with a type")  # noqa: TRY004 - whatever is wrong with it
        return message

    def request_name(self, what: Any) -> str:
        """Return its type; what is no message is called by what is wrong with it."""
        return str(what if isinstance(what, str) else what.get("bytes", what.get("type")))

    def mark(self, number: int) -> Any:
        """Return a ping; before a login it is refused, which is an answer too."""
        return {"type": "ping", "data": f"mark{number}", "id": f"mark{number}"}

    def is_mark(self, message: Any, number: int) -> bool:
        """Return whether it answers that ping."""
        return bool(message.get("re") == f"mark{number}")

    def is_noise(self, message: Any, prefix: str) -> bool:
        """Return whether it tells what others do, who are not part of this conversation."""
        if message == CLOSED or message["type"] not in {"said", "joined", "exited", "released"}:
            return False
        return not str(message.get("from", message.get("name"))).startswith(prefix)

    def tidied(self, heard: Sequence[Any], prefix: str) -> list[Any]:
        """Return the messages that concern a conversation, lists that came in parts put together."""
        whole: list[Any] = []
        for message in super().tidied(heard, prefix):
            before: Any = whole[-1] if whole else CLOSED
            listed = LISTS.get(message["type"]) if message != CLOSED else None
            if listed and before != CLOSED and before["type"] == message["type"] and before.get("more"):
                whole[-1] = {**message, listed: before[listed] + message[listed]}
            else:
                whole.append(message)
        return whole

    def contradiction(self, heard: Sequence[Any], prefix: str) -> str | None:  # noqa: ARG002
        """Return what is wrong where what happened was not told in the order in which it did."""
        newest = -1
        for message in heard:
            if message != CLOSED and message["type"] in NUMBERED:
                seq = message.get("seq")
                if type(seq) is not int or seq <= newest:
                    return f"after number {newest} comes {message}"
                newest = seq
        return None


def _number(word: str, heard: Mapping[int, Sequence[Any]], prefix: str) -> int:
    """Return the number of the first or last thing that happened in this conversation; else one of the future."""
    seqs = [
        message["seq"]
        for messages in heard.values()
        for message in messages
        if message != CLOSED and message["type"] in NUMBERED and _is_ours(message, prefix)
    ]
    choose = {"first": min, "last": max}.get(word)
    return choose(seqs) if seqs and choose is not None else FUTURE


def _is_ours(message: Any, prefix: str) -> bool:
    return any(str(message.get(field)).startswith(prefix) for field in ("from", "name", "group"))


def _proof(login: dict[str, Any], hello: Any, binding: bytes, *, is_right: bool) -> dict[str, str]:
    key = KEYS[login["key"]]
    public, nonce = key.public_key().public_bytes_raw(), b64decode(hello["nonce"])
    name = hashlib.sha256(login["name"].encode()).digest()
    signed = b"reactor-chat login v1\0" + nonce + name + public + (binding if is_right else bytes(31) + b"\1")
    return {"key": b64encode(public).decode(), "signature": b64encode(key.sign(signed)).decode()}


def _padded(message: dict[str, Any], payload_bytes: int | None) -> bytes:
    """Return the JSON, made so long by a field that nobody knows."""
    payload = json.dumps(message, ensure_ascii=False).encode()
    if payload_bytes is None:
        return payload
    longer = {**message, "padding": "x" * (payload_bytes - len(payload) - len(', "padding": ""'))}
    return json.dumps(longer, ensure_ascii=False).encode()


PROTOCOL = Chat()
