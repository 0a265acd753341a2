"""What a no to a name means."""

from reactor_chat.client.naming import NO_NAME, refusal_in_words
from reactor_chat.wire.messages import Refused

TAKEN = Refused("name_taken", "Username is already taken")


def test_only_who_has_a_key_hears_of_keys():
    assert refusal_in_words(TAKEN, "Ann", has_key=False) == TAKEN.text
    assert "Ann belongs to another key" in refusal_in_words(TAKEN, "Ann", has_key=True)
    assert refusal_in_words(Refused("bad_name", "No"), "Ann", has_key=True) == NO_NAME
    assert refusal_in_words(Refused("not_allowed", "No"), "Ann", has_key=True) == 'the server said: "No"'
