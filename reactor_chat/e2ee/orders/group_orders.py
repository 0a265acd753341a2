"""What our person orders of groups (`@group set`, `@add`, `@kick` and so on): it goes to the server as ever, and here.

Who was kicked is off the list at once; whom a group was created for counts once the server has created it.
"""

import msgspec

from reactor_chat.e2ee.participation.participation import Participation, Participations
from reactor_chat.e2ee.store import Store, Table
from reactor_chat.wire.conversation import Conversation
from reactor_chat.wire.messages import (
    RESERVED_WORDS,
    Accepted,
    GroupAdd,
    GroupDelete,
    GroupKick,
    GroupLeave,
    GroupSet,
    Refused,
    fold,
)

GroupRequest = GroupSet | GroupAdd | GroupKick | GroupLeave | GroupDelete
"""What a person orders of a group."""

_decoder = msgspec.json.Decoder(GroupRequest)


class GroupOrders:
    """Orders that wait for their answer.

    Args:
        store: keeps them.
        participations: in every conversation.
    """

    def __init__(self, store: Store, participations: Participations) -> None:
        self._store = store
        self._participations = participations

    def ordered(self, request: GroupRequest) -> None:
        """Take what our person orders; the request has an `id`."""
        assert request.id is not None
        if fold(request.group) in RESERVED_WORDS:
            return  # no group is called so: a moderator says `@kick everyone NAME`
        self._store.put(Table.INTENT, request.id, msgspec.json.encode(request))
        if isinstance(request, GroupKick | GroupAdd):
            self._amend(request)
        part = self._in(request)
        if not part.ownership.is_ours:
            return
        if isinstance(request, GroupKick):
            part.ownership.remove([request.user])
        elif isinstance(request, GroupAdd):
            part.ownership.add(request.users)
        elif isinstance(request, GroupLeave):
            part.ownership.hand_over()  # before our leaving reaches the server: afterwards nobody takes it from us
            return
        part.advance()

    def answered(self, answer: Accepted | Refused) -> None:
        """Take the server's answer to what our person ordered."""
        row = self._store.get(Table.INTENT, answer.re or "")
        if row is None:
            return
        self._store.drop(Table.INTENT, answer.re or "")
        request = _decoder.decode(row)
        part = self._in(request)
        if isinstance(answer, Refused):
            if isinstance(request, GroupAdd) and answer.code != "already_a_member":
                part.ownership.forget_unknown(request.users)
        elif isinstance(request, GroupSet):
            part.ownership.group_created(request.members)
        elif isinstance(request, GroupDelete | GroupLeave):
            part.talk.give_up()
        part.advance()

    def _in(self, request: GroupRequest) -> Participation:
        return self._participations.of(Conversation.group(request.group))

    def _amend(self, request: GroupKick | GroupAdd) -> None:
        """What is ordered of a group of ours whose creation is not answered yet changes whom it is created for."""
        for request_id, row in list(self._store.rows(Table.INTENT)):
            earlier = _decoder.decode(row)
            if isinstance(earlier, GroupSet) and fold(earlier.group) == fold(request.group):
                names = request.users if isinstance(request, GroupAdd) else []
                gone = "" if isinstance(request, GroupAdd) else fold(request.user)
                members = [name for name in earlier.members if fold(name) != gone]
                changed = msgspec.structs.replace(earlier, members=[*members, *names])
                self._store.put(Table.INTENT, request_id, msgspec.json.encode(changed))
