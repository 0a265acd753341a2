"""What is kept of each conversation, row by row, and what all conversations of a person share."""
