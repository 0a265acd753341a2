"""A command line whose complaints may repeat whatever was typed, and harm no terminal."""

import argparse
from typing import NoReturn

from reactor_chat.text.safe import safe


class SafeArgumentParser(argparse.ArgumentParser):
    """Says what is wrong as `argparse` does, made safe; its subcommands do too."""

    def error(self, message: str) -> NoReturn:
        """Print the usage and the complaint, and exit with 2."""
        super().error(safe(message))
