"""The recovery code: there and back, and every slip of the pen found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.store.recovery import ALPHABET, GROUP_SIGNS, GROUPS, code_of, seed_of
from reactor_chat.errors import UsageError

seeds = st.binary(min_size=32, max_size=32)


@given(seeds)
def test_a_code_leads_back_to_its_seed(seed: bytes) -> None:
    code = code_of(seed)
    assert [len(group) for group in code.split()] == [GROUP_SIGNS] * GROUPS
    assert seed_of(code) == seed


@given(seeds, st.sampled_from(["-", "", "  ", " \t", ". "]))
def test_a_person_may_write_it_as_they_like(seed: bytes, between: str) -> None:
    code = code_of(seed)
    assert seed_of(f" {code.replace(' ', between).lower()}\n") == seed
    assert seed_of(code.replace("0", "O").replace("1", "l")) == seed


@given(seeds, st.integers(0, GROUPS - 1), st.integers(0, GROUP_SIGNS - 1), st.sampled_from(ALPHABET + "UÉ?"))
def test_every_single_mistyped_sign_is_found_and_its_group_named(
    seed: bytes, group: int, place: int, sign: str
) -> None:
    groups = code_of(seed).split()
    typed = groups[group][:place] + sign + groups[group][place + 1 :]
    if typed != groups[group]:
        with pytest.raises(UsageError, match=f"Group {group + 1} |has {GROUPS + 1}|has {GROUPS}"):
            seed_of(" ".join([*groups[:group], typed, *groups[group + 1 :]]))


def test_every_sign_of_one_code_replaced_by_every_other() -> None:
    groups = code_of(bytes(range(32))).split()
    for group in range(GROUPS):
        for place in range(GROUP_SIGNS):
            for sign in set(ALPHABET) - {groups[group][place]}:
                typed = groups[group][:place] + sign + groups[group][place + 1 :]
                with pytest.raises(UsageError, match=f"Group {group + 1} "):
                    seed_of(" ".join([*groups[:group], typed, *groups[group + 1 :]]))


@given(seed=seeds, place=st.integers(0, GROUPS * GROUP_SIGNS - 1), doubled=st.booleans())
def test_a_sign_left_out_or_doubled_is_found(seed: bytes, place: int, *, doubled: bool) -> None:
    signs = code_of(seed).replace(" ", "")
    with pytest.raises(UsageError):
        seed_of(signs[:place] + signs[place] * 2 * doubled + signs[place + 1 :])


@given(seeds, st.integers(0, GROUPS - 1), st.integers(0, GROUPS - 1))
def test_groups_that_changed_places_are_found(seed: bytes, one: int, other: int) -> None:
    groups = code_of(seed).split()
    groups[one], groups[other] = groups[other], groups[one]
    if groups != code_of(seed).split():
        with pytest.raises(UsageError, match="not in its place"):
            seed_of(" ".join(groups))


@given(st.text(max_size=100))
def test_any_text_is_a_code_or_a_refusal(text: str) -> None:
    with pytest.raises(UsageError):
        seed_of(text)


def test_what_fits_in_every_group_and_not_as_a_whole_is_found() -> None:
    groups = code_of(bytes(32)).split()
    other = code_of(b"\xff" * 32).split()
    with pytest.raises(UsageError, match="as a whole"):
        seed_of(" ".join([other[0], *groups[1:]]))
