"""Benchmarks; each prints its figures and what they are measured against."""
