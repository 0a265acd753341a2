"""How often somebody may do what is dear, and what is how dear."""
