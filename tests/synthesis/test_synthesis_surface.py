"""The surface: what is exported, what importing loads, what the documentation names."""

from __future__ import annotations

import dataclasses
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from saisei import synthesis as syn

DOCS = Path(__file__).parents[2] / "docs"


def test_importing_loads_no_slow_library() -> None:
    """``scipy.special`` too comes only with the first calculation."""
    code = (
        "import sys, saisei.synthesis as syn\n"
        "slow = {'scipy.stats', 'scipy.optimize', 'scipy.special', 'matplotlib', 'pandas'}\n"
        "assert not slow & set(sys.modules), slow & set(sys.modules)\n"
        "others = [m for m in sys.modules if m.startswith('saisei.') "
        "and not m.startswith('saisei.synthesis')]\n"
        "assert not others, others\n"
        "syn.pool([0.1, 0.4], [0.02, 0.03])\n"
        "syn.bayes_pool([0.1, 0.4], [0.2, 0.3]).mu.median\n"
        "syn.common_odds_ratio([1, 2, 3], [3, 2, 1])\n"
        "syn.binomial_interval(0, 18)\n"
        "assert not {'scipy.stats', 'scipy.optimize'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_exports() -> None:
    assert len(set(syn.__all__)) == len(syn.__all__)
    for name in syn.__all__:
        assert hasattr(syn, name), name


@pytest.mark.parametrize("name", syn.__all__)
def test_every_public_name_is_documented(name: str) -> None:
    thing = getattr(syn, name)
    if inspect.isclass(thing) or inspect.isfunction(thing):
        assert thing.__doc__


def test_results_are_frozen() -> None:
    for result in (
        syn.pool([0.1, 0.4], [0.02, 0.03]),
        syn.bayes_pool([0.1, 0.4], [0.2, 0.3]),
        syn.effect("RD", events1=[1], n1=[9], events2=[2], n2=[9]),
        syn.common_odds_ratio([1, 2, 3], [3, 2, 1]),
        syn.binomial_interval(0, 18),
        syn.combine_arms([5, 5], [1, 2], [1, 1]),
    ):
        field = dataclasses.fields(result)[0].name
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(result, field, None)
        assert not hasattr(result, "__dict__")


def test_the_pages_name_every_function() -> None:
    pages = sorted(DOCS.glob("methods-synthesis*.md"))
    text = "\n".join(page.read_text("utf-8") for page in pages)
    for name in syn.__all__:
        if inspect.isfunction(getattr(syn, name)):
            assert f"`{name}`" in text, name
