"""What is one step, and what is forgotten."""

from reactor_chat.client.editing.undo import REMOVED_CHARS_MAX, STEPS_MAX, TYPED_CHARS_MAX, Edit, UndoSteps


def typed(begin: int, inserted: int = 1) -> Edit:
    return Edit(begin, "", inserted, begin, 0)


def taken(steps: UndoSteps) -> list[Edit]:
    found = []
    while (edit := steps.take()) is not None:
        found.append(edit)
    return found


def test_what_is_typed_together_is_one_step_up_to_a_length() -> None:
    steps = UndoSteps()
    for place in range(TYPED_CHARS_MAX + 1):
        steps.note(typed(place), is_typed=True)
    assert taken(steps) == [typed(TYPED_CHARS_MAX), typed(0, TYPED_CHARS_MAX)]


def test_what_is_typed_elsewhere_or_later_is_another_step() -> None:
    steps = UndoSteps()
    steps.note(typed(0), is_typed=True)
    steps.note(typed(5), is_typed=True)
    steps.note(typed(6))
    steps.note(typed(7), is_typed=True)
    steps.break_off()
    steps.note(typed(8), is_typed=True)
    assert [edit.begin for edit in taken(steps)] == [8, 7, 6, 5, 0]
    assert steps.take() is None


def test_only_so_many_steps_are_kept_and_only_so_much_of_what_was_cut() -> None:
    steps = UndoSteps()
    for place in range(STEPS_MAX + 1):
        steps.note(typed(place))
    assert [edit.begin for edit in taken(steps)][-1] == 1
    piece = "x" * (REMOVED_CHARS_MAX // 2)
    for place in range(3):
        steps.note(Edit(place, piece, 0, 0, 0))
    assert [edit.begin for edit in taken(steps)] == [2, 1]
    steps.note(Edit(0, "x" * (REMOVED_CHARS_MAX + 1), 0, 0, 0))
    assert len(taken(steps)) == 1, "the newest is always kept"


def test_nothing_is_left_after_forgetting() -> None:
    steps = UndoSteps()
    steps.note(typed(0), is_typed=True)
    steps.clear()
    assert steps.take() is None
    steps.note(typed(1), is_typed=True)
    assert taken(steps) == [typed(1)]
