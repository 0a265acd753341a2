"""Bytes ⇄ messages.  Knows neither sockets nor the rules of the chat."""
