"""The examples are programs, and run."""
