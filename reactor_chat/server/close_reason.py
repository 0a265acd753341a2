"""What a connection is told before it is closed, by the reason of its `bye` (PROTOCOL §2)."""

BYE: dict[str, str] = {
    "quit": "Goodbye",
    "shutdown": "The server is shutting down",
    "taken_over": "You are connected from elsewhere now",
    "idle": "Nothing was heard from you for too long",
    "too_slow": "You read too slowly; connect again to get the rest",
    "flood": "You sent too much",
    "kicked": "You were disconnected",
    "violation": "What you sent breaks the protocol",
}
