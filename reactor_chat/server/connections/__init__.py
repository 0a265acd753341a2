"""The connections: who may come, how far each has come, how fast it may ask, and who has to go."""
