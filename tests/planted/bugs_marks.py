"""Bugs of read markers: they go back or too far, outlive what they belong to, or are told to others."""

from tests.planted.copying import Bug, in_file

DECISIONS = ("tests/chat/test_read_marks.py",)
STATE = ("tests/chat/state/test_read_marks.py",)

BUGS: tuple[Bug, ...] = (
    *in_file(
        "reactor_chat/chat/read_marks.py",
        DECISIONS,
        (
            "a marker that goes back is recorded",
            "if min(read, marks.newest_beside(case.state.seq)) <= marks.get(me, place):",
            "if min(read, marks.newest_beside(case.state.seq)) == marks.get(me, place):",
        ),
        (
            "a marker goes beyond what there is",
            "read, marks = min(request.seq, seq - 1), ",
            "read, marks = request.seq, ",
        ),
        (
            "everything is recorded as read again and again",
            "if min(read, marks.newest_beside(case.state.seq)) <= ",
            "if read <= ",
        ),
        ("guests have markers", "    if not _is_owner(case):\n        return _GUEST\n", ""),
        (
            "a marker of anybody's group may be moved",
            "group if isinstance(group, Refused) else Conversation.of_group(group.born)",
            "Conversation.group(request.group)",
        ),
        ("a marker is with nobody", "        return no_such_user(case, request.with_)\n", "        pass\n"),
        ("a group's marker waits for no change of the group", "return [*there, _conflict_of(", "return [_conflict_of("),
        (
            "who may only read is told another's markers",
            "claim is not None and claim.since == case.session.since",
            "claim is not None",
        ),
        ("markers are told in one notice, however long", "LIST_MARKS_MAX = 500", "LIST_MARKS_MAX = 5_000"),
    ),
    *in_file(
        "reactor_chat/chat/state/read_marks.py",
        STATE,
        (
            "the state's marker goes back",
            "max(record.read, marks.pop(record.conversation, 0))",
            "(record.read, marks.pop(record.conversation, 0))[0]",
        ),
        ("markers are kept without end", "if len(marks) > MARKS_MAX:", "if len(marks) > 2 * MARKS_MAX:"),
        ("a dump changes with the markers", "        if person in self._dumped:\n", "        if not self._dumped:\n"),
        ("the newest marker is forgotten first", "del marks[next(iter(marks))]", "del marks[next(reversed(marks))]"),
    ),
    *in_file(
        "reactor_chat/chat/state/chat_state.py",
        STATE,
        (
            "a marker stays in a group that was left",
            "        for name in concerned if is_gone else self._who_left(record):\n",
            "        for name in concerned if is_gone else ():\n",
        ),
        ("a released name leaves its markers", "        self.read_marks.forget(record.name)\n", ""),
        ("a snapshot forgets the markers", "        self.read_marks.load(snapshot.read_marks)\n", ""),
        (
            "a marker makes every route be looked up again",
            "            self.read_marks.apply(record)\n",
            "            self.read_marks.apply(record)\n            self.altered = record.seq\n",
        ),
    ),
    *in_file(
        "reactor_chat/chat/rules.py",
        DECISIONS,
        (
            "that a marker was refused is remembered",
            "read_marks.read_set_of, 1, remembers=False)",
            "read_marks.read_set_of, 1)",
        ),
    ),
    *in_file(
        "reactor_chat/client/outbox.py",
        ("tests/client/test_outbox.py",),
        ("a marker is kept like a line", "isinstance(request, Question | MarkRead)", "isinstance(request, Question)"),
    ),
)
