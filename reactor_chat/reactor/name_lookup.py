"""Looks the name of a host up, for one question: the program that `lookup` starts, so that nobody waits for it.

`getaddrinfo` waits for a name server for ten seconds and more, and cannot be interrupted; a process can be ended.  This
file is run by its path, with nothing of ours around it, so that it starts within a hundredth of a second.  It prints
one JSON object: the rows that were found, or the number and the words of the error.
"""

import json
import socket
import sys


def look_up(host: str, port: int) -> dict[str, object]:
    """Return `{"rows": [[family, kind, protocol, canonical name, address], ...]}` or `{"error": number, "words": ...}`.

    Args:
        host: a name or an address in ASCII.
        port: 0 to 65 535.
    """
    try:
        return {"rows": socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except OSError as error:
        return {"error": error.errno or socket.EAI_FAIL, "words": error.strerror or str(error)}


if __name__ == "__main__":
    json.dump(look_up(sys.argv[1], int(sys.argv[2])), sys.stdout)
