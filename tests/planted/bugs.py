"""Every planted bug."""

from tests.planted import (
    bugs_chat,
    bugs_client,
    bugs_e2ee,
    bugs_links,
    bugs_live,
    bugs_mls,
    bugs_server,
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
    *bugs_links.BUGS,
)
