"""One door to every fuzzer: `python -m fuzz TARGET`, `smoke` for all of them, `canary` to see that they bite."""
