"""What people order: encryption, verification, groups, and lines that are held."""
