"""Run the command line: ``python -m saisei``."""

from saisei.cli import main

main()
