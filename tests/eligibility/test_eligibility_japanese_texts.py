"""Every text of the rules in Japanese is there, and what is put together from them is whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import combinations
from random import Random
from typing import Any

from eligibility.drawn import draw_leaf, draw_person, draw_rule, lookup_in, protocol_rules
from saisei.base.store import load_data
from saisei.cases import fields
from saisei.cases.fields import table
from saisei.eligibility import (
    And,
    Counted,
    Expression,
    Leaf,
    ListTest,
    Lookup,
    Not,
    Or,
    Test,
    evaluate,
    fields_of,
    leaves_of,
    parse,
    reading_words,
    sentence,
    value_word,
)
from saisei.eligibility.catalogue import words_in

WORDS: Mapping[str, Any] = load_data("eligibility/words.yaml")

# ---------------------------------------------------------------- every text is there

GAPS = re.compile(r"\{(\w+)\}")
KANA_OR_KANJI = re.compile(r"[぀-ヿ一-鿿]")


def _texts(entry: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Give every text with its dotted key; what is no text is no leaf of the file."""
    if not isinstance(entry, Mapping) or "en" in entry:
        yield ".".join(path), entry
        return
    for name, part in entry.items():
        if (*path, name) != ("endings",):
            yield from _texts(part, (*path, name))


ALL_TEXTS = dict(_texts(WORDS))


def test_every_text_is_in_both_languages() -> None:
    assert len(ALL_TEXTS) > 500
    plain = {key for key, text in ALL_TEXTS.items() if set(text) != {"en", "ja"}}
    assert plain == set()


def test_what_is_filled_in_is_known_to_both_languages() -> None:
    """Japanese may repeat the unit of a lower end, and list the values of a negation otherwise."""
    more = {"low_unit": "low", "all_values": "values", "number": ""}
    for key, text in ALL_TEXTS.items():
        japanese = {more.get(gap, gap) for gap in GAPS.findall(text["ja"])} - {""}
        english = {more.get(gap, gap) for gap in GAPS.findall(text["en"])}
        if not key.startswith("units."):
            assert japanese == english, key


def test_every_word_of_a_field_can_be_said() -> None:
    words = words_in("ja")
    for name, field in fields().items():
        if field.type in ("map", "items"):
            continue
        parts = ("yes", "no") if field.type == "boolean" else ("name",)
        for part in parts:
            assert KANA_OR_KANJI.search(words[f"fields.{name}.{part}"]) or name in LATIN, name
        assert all(f"values.{value}" in words for value in field.values), name
        assert field.unit is None or f"units.{field.unit}" in words, name


LATIN = {"nihss_total", "inr", "egfr_ml_min_173", "hba1c_percent", "alt_u_l", "ast_u_l",
         "barthel_total"}  # fmt: skip


def test_a_text_without_japanese_is_seen() -> None:
    """The coverage test bites: an English plain string is what it would find."""
    broken = dict(_texts({"patterns": {"below": "{what} is below", "above": {"en": "x"}}}))
    assert all(
        not isinstance(text, Mapping) or set(text) != {"en", "ja"} for text in broken.values()
    )
    assert set(broken) == {"patterns.below", "patterns.above"}


def test_yes_and_no_of_a_field_are_different_sentences_that_can_be_joined() -> None:
    """Each ends in a way that the table of endings knows, or with a bracket."""
    words = words_in("ja")
    known = tuple(WORDS["endings"]["ja"]["all"])
    for name, field in fields().items():
        if field.type == "boolean":
            both = words[f"fields.{name}.yes"], words[f"fields.{name}.no"]
            assert both[0] != both[1], name
            assert all(said.endswith((*known, "）")) for said in both), name
            assert all("です" not in said and "ます" not in said for said in both), name
            # a no is a finding, not a finding that was never looked for
            assert all("確認されていない" not in said and "不明" not in said for said in both), name


def test_every_pattern_ends_in_a_way_that_can_be_joined() -> None:
    known = (*WORDS["endings"]["ja"]["all"], "）")
    assert all(text["ja"].endswith(known) for text in WORDS["patterns"].values())


def test_every_question_is_asked_in_both_languages() -> None:
    for field in fields().values():
        assert set(field.question) == {"en", "ja"}, field.id
        asked = field.asked("ja")
        assert re.search(r"か(（.*）|：.*)?。$", asked), field.id
        assert "あなた" not in asked, field.id
        assert field.asked() == field.question["en"]
    assert {tuple(title) for title in table("groups").values()} == {("en", "ja")}


# ---------------------------------------------------------------- every sentence is whole

ENGLISH = re.compile(
    r"\b(is|are|not|and|or|of|the|than|below|above|at|least|most|among|them|these|known|taken|"
    r"where|latest|highest|lowest|earliest|years|months|weeks|days|hours|seconds|times|plus|minus|"
    r"nothing|besides|fewer|nor|there|has|been)\b"
)


def _whole(said: str) -> bool:
    """Whether a sentence has no gap left, no English of the patterns, and balanced brackets."""
    balanced = all(said.count(one) == said.count(other) for one, other in ("（）", "［］", "「」"))
    return balanced and not ENGLISH.search(said) and "{" not in said and "}" not in said


def test_random_rules_read_whole() -> None:
    random = Random(11)  # noqa: S311 - what is tried, not a secret
    for _ in range(1000):
        rule = draw_rule(random, depth=random.randint(0, 4))
        said = sentence(rule, "ja")
        assert _whole(said), said
        assert sentence(rule) != said


def test_random_readings_read_whole() -> None:
    random = Random(12)  # noqa: S311 - what is tried, not a secret
    for _ in range(600):
        person = lookup_in(draw_person(random))
        for reading in evaluate(draw_rule(random), person).because:
            assert _whole(reading_words(reading, "ja").replace("something-else", "")), reading


def test_every_rule_of_every_protocol_reads_whole() -> None:
    said = [rule.sentence("ja") for rule in protocol_rules()]
    assert len(said) > 500
    assert all(map(_whole, said))


# ---------------------------------------------------------------- different rules, different words


def test_different_leaves_give_different_sentences() -> None:
    random = Random(13)  # noqa: S311 - what is tried, not a secret
    leaves = list(dict.fromkeys(_meant(draw_leaf(random)) for _ in range(2500)))
    by_words: dict[str, Expression] = {}
    for leaf in leaves:
        for rule in (leaf, Not(leaf)):
            other = by_words.setdefault(sentence(rule, "ja"), rule)
            assert other == rule or _same(other, rule), (other, rule)
    assert len(by_words) > 1000


def _meant(leaf: Leaf) -> Leaf:
    """Give a list test against one value as the one that means the same."""
    if isinstance(leaf, ListTest) and len(leaf.values) == 1 and leaf.test is Test.ALL_OF:
        return ListTest(leaf.field, Test.ANY_OF, leaf.values)
    return leaf


def _same(one: Expression, other: Expression) -> bool:
    """Whether two rules agree on many random people."""
    return all(evaluate(one, who).truth is evaluate(other, who).truth for who in _people())


@cache
def _people() -> tuple[Lookup, ...]:
    random = Random(14)  # noqa: S311 - what is tried, not a secret
    return tuple(lookup_in(draw_person(random)) for _ in range(60))


def test_a_rule_and_its_opposite_never_read_the_same() -> None:
    random = Random(15)  # noqa: S311 - what is tried, not a secret
    for _ in range(1000):
        rule = draw_rule(random)
        assert sentence(rule, "ja") != sentence(Not(rule), "ja")


def test_joining_shows_what_belongs_together() -> None:
    """Both ways to put three conditions together read differently, under every mix of joins."""
    one, two, three = (parse(name) for name in ("epilepsy", "coma", "diabetes"))
    ways = [
        And((one, Or((two, three)))),
        Or((And((one, two)), three)),
        And((Or((one, two)), three)),
        Or((one, And((two, three)))),
        And((one, two, three)),
        Or((one, two, three)),
        And((one, And((two, three)))),
        Not(And((one, Or((two, three))))),
        Not(Or((And((one, two)), three))),
    ]
    for left, right in combinations(ways, 2):
        assert sentence(left, "ja") != sentence(right, "ja")


def test_a_sentence_names_every_field_and_says_every_value() -> None:
    random, words = Random(16), words_in("ja")  # noqa: S311 - what is tried, not a secret
    for _ in range(400):
        rule = draw_rule(random)
        said = sentence(rule, "ja")
        for name in fields_of(rule):
            if fields()[name].type != "boolean":
                assert words[f"fields.{name}.name"] in said
        for leaf in leaves_of(rule):
            if isinstance(leaf, ListTest | Counted):
                assert all(value_word(value, "ja") in said for value in leaf.values)
