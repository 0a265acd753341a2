"""What it costs to serve something, counted in things said to everybody: the unit is about 10 µs.

Two budgets are counted in it: what one turn serves, so that nobody waits long, and what one connection may ask for
before it is read more slowly.  The measure is what can be seen of a request before it is judged.
"""

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
    if not isinstance(sent, Received):
        return END_COST
    request = sent.request
    if isinstance(request, _SAID):
        return 1
    if isinstance(request, m.Line):
        return 1 if request.text[:1] != "@" else 1 + len(request.text) // LINE_COST_BYTES // NAMES_PER_COST
    if isinstance(request, _COMING_AND_GOING):
        return LOGIN_COST if isinstance(request, m.Login) else END_COST
    rule = RULES[type(request)]
    return rule.cost + rule.names(request) // NAMES_PER_COST


def charge_of(sent: Sent) -> int:
    """Return what something counts against the rate of its connection; 1 or more.

    The rate is one of messages: to come, to go and to babble count as one, and what is dear as more.
    """
    if not isinstance(sent, Received) or isinstance(sent.request, _COMING_AND_GOING):
        return 1
    return min(cost_of(sent), CHARGE_MAX)


# As tuples, and not as unions that each call would make anew: with `Roster.conns_of`, 5 % of what a message costs.
_SAID = get_args(Spoken)
_COMING_AND_GOING = (m.Login, m.Quit)
