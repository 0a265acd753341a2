"""The chat for those who hear it or read it a line at a time: everything in words, one sentence below the other."""
