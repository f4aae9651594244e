"""``saisei therapies check``: the linter over all protocols, or over a file of one's own."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from saisei.cli.output import console, progress

if TYPE_CHECKING:
    from saisei.eligibility.linting import Finding
    from saisei.therapies.checking import CheckedFile

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Put the command beside those on therapies."""
    app.command("check")(check)


def check(
    file: Annotated[
        Path | None,
        typer.Argument(help="A protocol of your own; without it all of ours.", metavar="[FILE]"),
    ] = None,
    *,
    every: Annotated[
        bool, typer.Option("--all", help="Also what is only worth knowing (info).")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Look for contradictions, rules that never vary, repeats, and rules changed in place.

    Exit code 2 when there is an error, else 0. docs/checking-protocols.md says what each finding
    means.

    Example: saisei therapies check my-trial.yaml --all
    """
    from saisei.therapies.checking import check_protocol_file, check_protocols

    checked: CheckedFile | None = None
    with progress("Looking at the rules"):
        if file is None:
            findings: Sequence[Finding] = check_protocols()
        else:
            checked = check_protocol_file(file)
            findings = checked.findings
    if as_json:
        typer.echo(_as_json(findings, checked))
    else:
        _print(findings, checked, every=every or file is not None)
    if any(finding.severity == "error" for finding in findings):
        raise typer.Exit(2)


def _as_json(findings: Iterable[Finding], checked: CheckedFile | None) -> str:
    about = {"protocol": checked.id, "sha256": checked.sha256} if checked else {}
    told = {**about, "findings": [finding.as_data() for finding in findings]}
    return json.dumps(told, ensure_ascii=False, indent=2)


def _print(findings: Sequence[Finding], checked: CheckedFile | None, *, every: bool) -> None:
    out = console()
    shown = [one for one in findings if every or one.severity != "info"]
    for protocol, several in groupby(sorted(shown, key=_protocol), key=_protocol):
        out.print(protocol or "what all protocols share", style="bold", markup=False)
        for finding in several:
            out.print(f"  {finding}", markup=False)
    if checked is not None and checked.sha256:
        out.print(f"{checked.rules} rules, sha256 {checked.sha256}", markup=False)
    out.print(_summary(findings, hidden=not every), markup=False)


def _protocol(finding: Finding) -> str:
    return finding.protocol


def _summary(findings: Iterable[Finding], *, hidden: bool) -> str:
    counts = Counter(finding.severity for finding in findings)
    said = f"errors: {counts['error']}, warnings: {counts['warning']}, info: {counts['info']}"
    return f"{said} (--all lists them)" if hidden and counts["info"] else said
