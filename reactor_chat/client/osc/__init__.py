"""What a terminal is told beside what it shows: operating system commands (OSC) and the bell."""
