"""What only a process has: descriptors, a log, a certificate, memory that is counted."""
