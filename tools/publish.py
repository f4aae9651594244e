"""Publish the present rules of protocols as a new version of their definitions.

    python tools/publish.py NCT04631406 --date 2026-11-20
    python tools/publish.py --new --date 2026-11-20       # every protocol without a definition

A version that was published is never altered: this only adds one, and refuses rules that are
published already. Afterwards `saisei therapies check` has no error about definitions.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from saisei.base.errors import OptionError
from saisei.cli.output import complain, write_whole
from saisei.eligibility.definitions import definition_hash, published
from saisei.therapies.definitions import FILE, definitions, definitions_text
from saisei.therapies.protocols import population_protocols

TARGET = Path(__file__).resolve().parents[1] / "src" / "saisei" / FILE


def main(arguments: Sequence[str] | None = None) -> int:
    """Add the versions that were asked for; 2 where one is refused, and then nothing is written."""
    reader = argparse.ArgumentParser(description="Publish rules as a new version.")
    reader.add_argument("protocols", nargs="*", metavar="ID")
    reader.add_argument("--new", action="store_true", help="all protocols without a definition")
    reader.add_argument("--date", type=date.fromisoformat, required=True)
    given = reader.parse_args(arguments)
    rules = {one.id: one.criteria for one in population_protocols()}
    chosen = [
        *given.protocols,
        *((i for i in rules if i not in definitions()) if given.new else ()),
    ]
    unknown = [name for name in chosen if name not in rules]
    if unknown or not chosen:
        reader.error(f"no such protocol: {', '.join(unknown)}" if unknown else "name a protocol")
    found = dict(definitions())
    try:
        for name in chosen:
            found[name] = published(found.get(name), definition_hash(rules[name]), given.date)
    except OptionError as error:
        complain(error)
        return 2
    head = TARGET.read_text(encoding="utf-8").partition("definitions:")[0]
    ordered = {name: found[name] for name in (*rules, *(n for n in found if n not in rules))}
    write_whole(TARGET, definitions_text(ordered, head))
    for name in chosen:
        print(f"{name}: {found[name].label}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
