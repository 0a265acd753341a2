"""Whose key is whose: what is remembered of people's keys, and how people compare them."""
