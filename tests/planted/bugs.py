"""Every planted bug."""

from tests.planted import (
    bugs_chat,
    bugs_client,
    bugs_e2ee,
    bugs_links,
    bugs_live,
    bugs_lost_ends,
    bugs_marks,
    bugs_mls,
    bugs_operator,
    bugs_server,
    bugs_start,
    bugs_terminal,
    bugs_typing,
    bugs_wire_text,
)
from tests.planted.copying import Bug

BUGS: tuple[Bug, ...] = (
    *bugs_wire_text.BUGS,
    *bugs_chat.BUGS,
    *bugs_server.BUGS,
    *bugs_mls.BUGS,
    *bugs_e2ee.BUGS,
    *bugs_client.BUGS,
    *bugs_live.BUGS,
    *bugs_start.BUGS,
    *bugs_terminal.BUGS,
    *bugs_typing.BUGS,
    *bugs_lost_ends.BUGS,
    *bugs_operator.BUGS,
    *bugs_links.BUGS,
    *bugs_marks.BUGS,
)
