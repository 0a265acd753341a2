"""How often somebody may do what is dear."""
