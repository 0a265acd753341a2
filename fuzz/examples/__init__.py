"""A worked example: a toy server of another length-prefixed protocol, with a planted bug, and its protocol file."""
