"""What a client does with MLS: whose key it is, who is let in, what may leave encrypted, what people are told."""
