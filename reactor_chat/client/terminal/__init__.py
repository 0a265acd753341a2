"""How a client is read and typed into: the faces for a terminal and for a pipe, and what they are made of."""
