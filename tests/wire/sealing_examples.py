"""One of every message about sealed conversations, with every field filled where it can be."""

from reactor_chat.wire.messages import (
    AskBlob,
    AskKeys,
    AskSeals,
    BlobAnswer,
    BlobPut,
    Kdf,
    KeysAnswer,
    KeysPut,
    Notice,
    PublishedKey,
    Request,
    SealAdd,
    SealAsk,
    SealAsked,
    SealCommit,
    SealCommitted,
    SealCreate,
    SealCreated,
    SealEnded,
    SealOff,
    SealsAnswer,
)

GROUP_ID, SALT, HASH = bytes(range(32)), bytes(range(32, 64)), bytes(range(64, 96))
KDF = Kdf("argon2id", 65_536, 3, 4)
ADDS = [SealAdd("Stella", HASH), SealAdd("Peter", SALT)]

REQUESTS: list[Request] = [
    KeysPut(60_000, [b"one", b"two"], b"last", 0, True, "i"),
    KeysPut(1, [b"one"]),
    AskKeys(["Stella"] * 64, 1, "i"),
    SealCreate(GROUP_ID, 60_000, SALT, kdf=KDF, require=True, replaces=HASH, id="i"),
    SealCreate(GROUP_ID, 1, SALT, "Stella"),
    SealCreate(GROUP_ID, 1, SALT, group="team"),
    SealCommit(GROUP_ID, 7, commit=b"mls", adds=ADDS, removes=["Eve"], welcome=HASH, id="i"),
    SealCommit(GROUP_ID, 7, "Stella", commit_blob=HASH),
    SealCommit(GROUP_ID, 7, group="team", commit=b"mls"),
    SealAsk(lost=True, id="i"),
    SealAsk("Stella"),
    SealAsk(group="team"),
    SealOff(id="i"),
    SealOff("Stella"),
    SealOff(group="team"),
    AskSeals(id="i"),
    AskSeals("Stella"),
    AskSeals(group="team"),
    BlobPut(HASH, 127, 128, b"x" * 32_768, "i"),
    AskBlob(HASH, 127, "i"),
]

NOTICES: list[Notice] = [
    KeysAnswer([PublishedKey("Stella", SALT, b"package", HASH)], ["Eve"], "i", more=True),
    SealCreated(20, 1, "John", GROUP_ID, 1, SALT, kdf=KDF, require=True, replaces=HASH, id="i"),
    SealCreated(20, 1, "John", GROUP_ID, 1, SALT, to="Stella"),
    SealCommitted(21, 1, "John", GROUP_ID, 7, commit=b"mls", adds=ADDS, removes=["Eve"], welcome=HASH, id="i"),
    SealCommitted(21, 1, "John", GROUP_ID, 7, group="team", commit_blob=HASH),
    SealAsked(22, 1, "John", lost=True, id="i"),
    SealAsked(22, 1, "John", group="team"),
    SealEnded(23, 1, "John", GROUP_ID, id="i"),
    SealsAnswer("Stella", None, GROUP_ID, 1, SALT, KDF, True, 7, ["John"], ["Stella"], "John", 20, "i"),
    SealsAnswer(group="team", re="i"),
    BlobAnswer(HASH, 0, 1, b"data", "i"),
]
