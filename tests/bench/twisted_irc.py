"""Starts the IRC service that comes with Twisted, open to any name and any password.

    python twisted_irc.py PORT

It is run by an interpreter that has Twisted, which need not be ours.
"""

import sys
from typing import Any

from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.portal import Portal
from twisted.internet import reactor
from twisted.internet.defer import succeed
from twisted.words.service import InMemoryWordsRealm, IRCFactory
from zope.interface import implementer


@implementer(ICredentialsChecker)
class Anybody:
    """Lets in whoever comes."""

    credentialInterfaces = (IUsernamePassword,)  # noqa: N815  Twisted's word

    def requestAvatarId(self, credentials: Any) -> Any:  # noqa: N802  likewise
        """Take the name as it is."""
        return succeed(credentials.username)


def main() -> None:
    """Serve for ever."""
    realm = InMemoryWordsRealm("load")
    realm.createGroupOnRequest = True
    reactor.listenTCP(
        int(sys.argv[1]), IRCFactory(realm, Portal(realm, [Anybody()])), backlog=1024, interface="127.0.0.1"
    )
    reactor.run()


if __name__ == "__main__":
    main()
