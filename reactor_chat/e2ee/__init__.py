"""What a client does with MLS: whose key it is, who is let in, what may leave, and what is said when that is in doubt."""
