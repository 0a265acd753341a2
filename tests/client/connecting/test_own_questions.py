"""A client's own questions: what is asked after which login, and when everything that was missed has come."""

import pytest
from msgspec.structs import replace

from reactor_chat.client.boundary import OutputCollector, Settings
from reactor_chat.client.connecting.link import Link
from reactor_chat.client.connecting.own_questions import OwnQuestions
from reactor_chat.client.connecting.request_ids import RequestIds
from reactor_chat.wire.codec import decode_request
from reactor_chat.wire.framing import FrameDecoder
from reactor_chat.wire.messages import AskGroups, AskHistory, AskNames, Ping, Request

SETTINGS = Settings("Ann", "here", interactive=True, id_prefix="x")


def own_questions(*, greets: bool = False, curious: bool = False) -> OwnQuestions:
    return OwnQuestions(replace(SETTINGS, greets=greets, curious=curious), OutputCollector(), RequestIds("x"))


def sent(link: Link) -> list[Request]:
    decoder = FrameDecoder()
    decoder.feed(link.take())
    return [decode_request(payload) for payload in decoder.take(100)]


@pytest.mark.parametrize(
    ("greets", "curious", "is_first", "replays", "asked"),
    [
        (False, False, True, False, []),
        (True, False, True, False, [AskHistory, AskNames]),
        (True, False, True, True, [AskNames]),
        (True, False, False, False, []),
        (False, True, True, False, [AskNames, AskGroups]),
        (True, True, False, True, [AskNames, AskGroups]),
    ],
)
def test_a_login_asks_for_what_is_told_or_completed(
    *, greets: bool, curious: bool, is_first: bool, replays: bool, asked: list[type]
) -> None:
    link = Link(0.0)
    link.replays = replays
    own_questions(greets=greets, curious=curious).ask_who_is_here(link, is_first=is_first)
    requests = sent(link)
    assert [type(request) for request in requests] == asked
    assert {request.id for request in requests} == link.hidden_ids


def test_one_answer_says_that_everything_missed_has_come() -> None:
    questions, link = own_questions(), Link(0.0)
    questions.ask_for_end_of_replay(link)
    assert sent(link) == [], "nothing was missed"
    link.replays = True
    questions.ask_for_end_of_replay(link)
    (ping,) = sent(link)
    other = questions.ask(Ping(), link)
    assert link.replay_end_id == ping.id
    assert not questions.concluded(None, link)
    assert not questions.concluded(other, link)
    assert questions.concluded(ping.id, link)
    assert not link.hidden_ids
    assert link.replay_end_id is None
    assert not questions.concluded(ping.id, link), "only once"
