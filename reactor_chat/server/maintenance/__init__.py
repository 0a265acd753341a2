"""What is done for the journal a little at a time, when it can wait."""
