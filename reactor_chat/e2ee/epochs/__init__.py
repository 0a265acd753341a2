"""How a group comes to be and passes from one epoch to the next: creations, commits, what the server says of them."""
