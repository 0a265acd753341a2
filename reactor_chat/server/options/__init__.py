"""What the operator may choose: the table of options, and where they are read from."""
