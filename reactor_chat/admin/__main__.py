"""The operator's tool: looks after a server's journal, and gives orders to a running server.

What reads the whole journal (verify, replay, export) works while no server runs on it, or on a backup.  Everything else
is ordered from the running server over its socket.  Where none runs, what changes only what is on the disk (backup,
release, ban, unban, bans) is done here, by the same code and under the journal's lock; for the rest one has to run.
"""

import sys
from collections.abc import Sequence

from reactor_chat.admin.asking import ServerSilent
from reactor_chat.admin.command_line import admin_parser
from reactor_chat.admin.showing import EXIT_FAILED, EXIT_TRY_LATER, complain, tell
from reactor_chat.errors import ReactorChatError, StorageBusy
from reactor_chat.process_start import OutputLost, program
from reactor_chat.server.operator.orders import Answer
from reactor_chat.server.options.command_line import refuse_nowhere


@program("reactor-chat-admin")
def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says, and return the exit status."""
    chosen = admin_parser().parse_args(arguments)
    try:
        if chosen.file is None:
            refuse_nowhere(chosen.data)
        status = int(chosen.does(chosen))
        sys.stdout.flush()
    except StorageBusy as error:
        return tell(Answer(done=False, text=f"{error}; or work on a backup"), EXIT_TRY_LATER, json=chosen.json)
    except ServerSilent as error:
        return tell(Answer(done=False, text=str(error)), EXIT_TRY_LATER, json=chosen.json)
    except (OutputLost, BrokenPipeError):
        raise  # of standard output: `program` says so
    except ReactorChatError as error:
        return tell(Answer(done=False, text=str(error)), json=chosen.json)
    except OSError as error:
        return complain(_words(error), EXIT_FAILED)
    return status


def _words(error: OSError) -> str:
    words = error.strerror or str(error)
    return f"{words}: {error.filename}" if error.filename is not None else words


if __name__ == "__main__":
    sys.exit(main())
