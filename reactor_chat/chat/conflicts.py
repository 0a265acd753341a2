"""What a request reads and what it writes, by name, so that two that touch the same are judged one after the other."""

ConflictKey = tuple[str, ...]
"""Names something that may change; every name in it is folded.

    ("name", NAME)      who holds or owns a name
    ("group", GROUP)    whether there is such a group, and its members and owner
    ("groups", NAME)    which groups somebody is in
    ("id", NAME, ID)    what came of somebody's request
    ("sealed", PLACE)   how a conversation is sealed: `room`, `pair/NAME/NAME` or `group/GROUP`
    ("mark", NAME, PLACE)  how far somebody has read a conversation: `room`, `pair/NAME` or `group/GROUP`
    ("seals", NAME)     how many conversations somebody sealed
    ("asks", NAME, "sealed", PLACE)  when somebody asked last to be let into a conversation
    ("work", NAME)      how much work somebody made for others of late
    ("keys", NAME)      which packages somebody has published
    ("blob", HASH)      which pieces of an object are here
    ("looks", SKELETON) which names that look like one another are owned or held
    ("invite", HASH)    whether an invitation is good
    ENTERING            how many people are there: one more
    CLAIMING            how many names are owned: one more
"""

ENTERING: ConflictKey = ("entering",)
CLAIMING: ConflictKey = ("claiming",)
