"""What a no to a name means."""

from reactor_chat.client.connecting.naming import NO_NAME, refusal_in_words
from reactor_chat.wire.messages import Refused, quoted

TAKEN = Refused("name_taken", "Username is already taken")


def test_only_who_has_a_key_hears_of_keys() -> None:
    assert refusal_in_words(TAKEN, "Ann", has_key=False) == TAKEN.text
    assert "Ann belongs to another key" in refusal_in_words(TAKEN, "Ann", has_key=True)
    assert refusal_in_words(Refused("not_allowed", "No"), "Ann", has_key=True) == 'the server said: "No"'


def test_what_is_wrong_with_a_name_of_the_right_form_only_the_server_knows() -> None:
    refused = Refused("bad_name", "PauI looks like Paul")
    assert refusal_in_words(refused, "PauI", has_key=True) == quoted("PauI looks like Paul")
    assert refusal_in_words(refused, "two words", has_key=True) == NO_NAME
