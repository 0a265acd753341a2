"""What it costs to serve something, counted in things said to everybody: the unit is about 10 µs.

Two budgets are counted in it: what one turn serves, so that nobody waits long, and what one connection may ask for
before it is read more slowly.  The measure is what can be seen of a request before it is judged.
"""

from collections.abc import Sequence
from typing import get_args

from reactor_chat.chat.boundary import BadMessage, Received, Sent
from reactor_chat.chat.rules import RULES
from reactor_chat.wire import messages as m
from reactor_chat.wire.conversation import Spoken

NAMES_PER_COST = 2
"""Each name of a list is looked up, marked, written, and told to the others."""
LOGIN_COST = 20
"""A signature is checked, an entry kept, and everybody told."""
END_COST = 10
BAD_MESSAGE_COST = 2
CHARGE_MAX = 50
"""What one request counts against its connection's rate at most: whoever founds a large group may say hello in it."""
LINE_COST_BYTES = 40
"""A typed line may be a list of names, each of 2 to 33 bytes; what it is is not known before it is parsed."""


def cost_of(sent: Sent) -> int:
    """Return what it costs to serve something that was sent; 1 or more."""
    if isinstance(sent, BadMessage):
        return BAD_MESSAGE_COST
    return _cost_of_request(sent.request) if isinstance(sent, Received) else END_COST


def charge_of(sent: Sent) -> int:
    """Return what something counts against the rate of its connection; 1 or more.

    The rate is one of messages: to come, to go and to babble count as one, and what is dear as more.
    """
    return _charge_of_request(sent.request) if isinstance(sent, Received) else 1


def cost_together(requests: Sequence[m.Request]) -> int:
    """Return what it costs to serve several requests."""
    return sum([1 if type(request) in _SAID else _cost_of_request(request) for request in requests])


def charge_together(requests: Sequence[m.Request]) -> int:
    """Return what several requests count against the rate of their connection."""
    return sum(map(_charge_of_request, requests))


def _cost_of_request(request: m.Request) -> int:
    kind = type(request)
    if kind in _SAID:
        return 1
    if isinstance(request, m.Line):
        return 1 if request.text[:1] != "@" else 1 + len(request.text) // LINE_COST_BYTES // NAMES_PER_COST
    if kind in _COMING_AND_GOING:
        return LOGIN_COST if kind is m.Login else END_COST
    rule = RULES[kind]
    return rule.cost + rule.names(request) // NAMES_PER_COST


def _charge_of_request(request: m.Request) -> int:
    return 1 if type(request) in _COMING_AND_GOING else min(_cost_of_request(request), CHARGE_MAX)


_SAID = frozenset(get_args(Spoken))
_COMING_AND_GOING = frozenset({m.Login, m.Quit})
