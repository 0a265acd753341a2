"""What a client shows, as a model without a screen: conversations, what stands in them, and what is news there."""
