"""What a client does with MLS: whose key it is, who is let in, what may leave, and what is said when that is in doubt.

This package knows conversations, keys and people; it must not know sockets, files, clocks or how a line is shown.  Its
store is a contract (`store`), its time and entropy are arguments, and everything it wants done is an `Outcome`.

Where to read: `boundary` says what goes in and out, `session` is the face an engine talks to, `states` and `trust` hold
the two tables, `outgoing` the lock.  `talk` is one conversation as it is stored, `desk` what all share; `dispatch` and
`commands` take what comes from the server and from the person, `reconcile` does the next thing that is due.  Below:
`outbound` and `inbound` (messages), `held_lines`, `creation`, `commit`, `epoch` and `backlog` (members and keys),
`policy`, `member_list` and `ownership` (who decides who is in), `peer_keys`, `packages` and `identity`, `terms` and
`transcript_hash` (what a server cannot change unseen), `verification` (`@verify`, `@trust`, `@contacts`) with `safety`,
`scan_code` and `contacts`; `blobs`, `payload`, `passphrase`, `status`.
"""
