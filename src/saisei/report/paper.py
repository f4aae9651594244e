"""What of a page a print on paper shows: not what stands in folds for the screen."""

from __future__ import annotations

import re

__all__ = ["cited", "on_paper"]

FOLD = re.compile(r"(<details[^>]*>|</details>)")
SCREEN = re.compile(r'class="(?:[^"]* )?screen[ "]')
CITED = re.compile(r'href="#s([0-9]+)"(?: data-to="([0-9]+)")?')


def on_paper(printed: str) -> str:
    """Give a part of a page without its folds for the screen.

    Examples
    --------
    >>> on_paper('a<details class="screen">b<details>c</details></details>d')
    'ad'
    """
    kept: list[str] = []
    hidden: list[bool] = []
    for piece in FOLD.split(printed):
        if piece.startswith("<details"):
            hidden.append(SCREEN.search(piece) is not None)
        elif piece == "</details>":
            hidden.pop()
        elif not any(hidden):
            kept.append(piece)
    return "".join(kept)


def cited(printed: str) -> frozenset[int]:
    """Give the numbers of the sources that a part of a page cites; `4–9` is six of them.

    Examples
    --------
    >>> sorted(cited('<a href="#s4" data-to="6">4</a>–<a href="#s6">6</a>'))
    [4, 5, 6]
    """
    return frozenset(
        number
        for first, last in CITED.findall(printed)
        for number in range(int(first), int(last or first) + 1)
    )
