"""The full screen: draws the model of conversations, and takes the keys for it."""
