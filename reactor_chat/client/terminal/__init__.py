"""How a client is read and typed into: the views for a terminal and for a pipe, and what they are made of."""
