"""A journal in one SQLite file, and what it is made of: blocks, an index, snapshots, marks, copies and repairs."""
