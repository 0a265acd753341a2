"""The deterministic core: what happens in the chat.  Knows neither sockets, bytes, the clock nor chance."""
