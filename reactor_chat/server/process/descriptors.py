"""How many connections the system allows this process: its limit of descriptors, raised as far as it goes."""

import resource

DESCRIPTORS_RESERVED = 64
"""Descriptors that are no connection's: the journal, listeners and their spares, signals, the log, whoever is being
turned away, and some to spare."""


def raise_descriptors_max() -> int | None:
    """Raise the soft limit of descriptors to the hard one, and return what can be had now; None: there is no limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (ValueError, OSError):  # macOS calls it unlimited and means less
            return None if soft == resource.RLIM_INFINITY else soft
    return None if hard == resource.RLIM_INFINITY else hard


def connections_possible(connections_max: int, descriptors_max: int | None) -> int:
    """Return how many connections can be had where so many are wanted, at least 1.

    Args:
        connections_max: as wanted, 1 or more.
        descriptors_max: what this process may open; None where nothing limits it.
    """
    if descriptors_max is None:
        return connections_max
    return max(1, min(connections_max, descriptors_max - DESCRIPTORS_RESERVED))
