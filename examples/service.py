"""A service that posts each line of its input to a group, and ends when the server has them all.

    tail -F backup.log | python -m examples.service 127.0.0.1 7667 deploys --name Cron --pin SHA256:… --key cron.key

The owner of the group adds it: `@group add deploys Cron`.  A line counts when `accepted` comes back.  If the connection
is lost before, the exit status is 75 and the line is on standard error, so that whoever started it can try again.
"""

import sys
import uuid

from examples.connection import Connection, arguments
from reactor_chat.wire.messages import Accepted, Bye, GroupSend, Refused

EXIT_TRY_LATER = 75


def post(connection: Connection, group: str, text: str) -> str | None:
    """Say a line to a group and wait until the server has it; return why it does not, None where it does."""
    request = GroupSend(group, text, id=uuid.uuid4().hex)
    connection.send(request)
    for notice in connection:
        if isinstance(notice, Accepted) and notice.re == request.id:
            return None
        if isinstance(notice, Bye) or (isinstance(notice, Refused) and notice.re == request.id):
            return notice.text
    return "The connection was lost"


def main() -> int:
    """Post every line; blank ones are left out."""
    parser = arguments("Post lines to a group.")
    parser.add_argument("group")
    chosen = parser.parse_args()
    connection = Connection(chosen)
    for line in sys.stdin:
        text = line.strip()
        if text and (reason := post(connection, chosen.group, text)) is not None:
            sys.stderr.write(f"not posted: {text}: {reason}\n")
            return EXIT_TRY_LATER
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
