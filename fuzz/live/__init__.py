"""A black-box fuzzer for a running server: whole conversations, and a dull model that says what must come back."""
