"""What the operator may order from a running server, and how it is carried out."""
