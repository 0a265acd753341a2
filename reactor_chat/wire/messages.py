"""Every message of the protocol, found in one place, and the two tables of tags.

A request is an imperative and goes from client to server; a notice tells what is the case and comes back.  The field
types are the first of two checks: what does not fit them is `bad_message`.  Rules that need the state of the chat or
its words (names, texts) are not here.  Source of every field: PROTOCOL §2 to §4; of those about encrypted
conversations, which `sealing` defines, §11 to §14.
"""

from typing import get_args

from reactor_chat.wire.fields import *  # noqa: F403 - a type is written down once, where it is defined
from reactor_chat.wire.limits import *  # noqa: F403
from reactor_chat.wire.names import *  # noqa: F403
from reactor_chat.wire.notices import *  # noqa: F403
from reactor_chat.wire.notices import Notice
from reactor_chat.wire.quoting import *  # noqa: F403
from reactor_chat.wire.requests import *  # noqa: F403
from reactor_chat.wire.requests import Request
from reactor_chat.wire.sealing import *  # noqa: F403

PROTOCOL_VERSION = 1

REQUESTS: dict[str, type[Request]] = {kind.__struct_config__.tag: kind for kind in get_args(Request)}
NOTICES: dict[str, type[Notice]] = {kind.__struct_config__.tag: kind for kind in get_args(Notice)}
