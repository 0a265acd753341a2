"""One engine, several views.  Knows the protocol from the client's side; not the server, its rules, or its journal."""
