"""The tests are tested: bugs planted in a copy of the project, which the ordinary tests have to find."""
