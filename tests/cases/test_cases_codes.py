"""The table of codes: every row is sound, and the page that shows it is made from it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from saisei.base.store import load_data
from saisei.base.units import convert
from saisei.cases import Code, codes, codes_table, fields
from saisei.cases.codes import code_of, code_to_write, of_codes
from saisei.scales import scale

PAGE = Path(__file__).resolve().parents[2] / "docs" / "fhir.md"


def test_each_code_stands_once() -> None:
    seen = [(one.system, one.code) for one in codes()]
    assert len(seen) == len(set(seen))


def check_digit_of_loinc(number: str) -> int:
    """Give the check digit by the rule of LOINC (Luhn's, modulus 10)."""
    total = 0
    for at, digit in enumerate(reversed(number)):
        doubled = int(digit) * (2 if at % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return (10 - total % 10) % 10


VERHOEFF_D = [[(j + k) % 5 if j < 5 and k < 5 else 0 for k in range(10)] for j in range(10)]
for j in range(10):
    for k in range(10):
        # The dihedral group D5: rotations 0-4, reflections 5-9.
        turn = (j % 5 + (k % 5 if j < 5 else -(k % 5))) % 5
        VERHOEFF_D[j][k] = turn + (5 if (j < 5) != (k < 5) else 0)
VERHOEFF_P = [
    list(range(10)),
    [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
]
while len(VERHOEFF_P) < 8:
    VERHOEFF_P.append([VERHOEFF_P[1][digit] for digit in VERHOEFF_P[-1]])


def passes_verhoeff(number: str) -> bool:
    """Whether the last digit is the check digit by Verhoeff's rule, which SNOMED CT uses."""
    check = 0
    for at, digit in enumerate(reversed(number)):
        check = VERHOEFF_D[check][VERHOEFF_P[at % 8][int(digit)]]
    return check == 0


def test_the_rules_of_the_check_digits_are_those_of_the_books() -> None:
    assert passes_verhoeff("2363")  # Verhoeff's own example: 236 has the check digit 3
    assert not passes_verhoeff("2364")
    assert check_digit_of_loinc("7992739871") == 3  # Luhn's usual example


@pytest.mark.parametrize("one", codes(), ids=lambda one: f"{one.system}-{one.code}")
def test_no_code_is_mistyped(one: Code) -> None:
    if one.system == "LOINC":
        number, digit = one.code.split("-")
        assert check_digit_of_loinc(number) == int(digit)
    elif one.system == "SNOMED":
        assert passes_verhoeff(one.code)
    else:
        assert one.code.isdigit()


@pytest.mark.parametrize("one", codes(), ids=lambda one: f"{one.system}-{one.code}")
def test_what_a_code_fills_is_possible(one: Code) -> None:
    assert one.fills or one.event
    assert one.event in {None, "any", *of_codes("strokes")}
    for fill in one.fills:
        wanted = fields()[fill.field]
        if fill.way.startswith("number"):
            assert wanted.type == "number"
        elif fill.way == "item":
            assert scale(wanted.scale or "").item(fill.value) is not None
        elif fill.way == "member":
            assert wanted.type == "list"
            assert not wanted.values or fill.value in wanted.values
        elif fill.way in ("onset", "end"):
            assert wanted.type in ("date", "datetime")
        elif fill.way == "result":
            assert wanted.type == "boolean"
            assert all(isinstance(value, bool) for value in fill.value.values())
        else:
            assert wanted.type == "boolean"
            assert fill.value is True


def test_a_code_never_says_no_by_being_there() -> None:
    for one in codes():
        assert all(fill.value is True for fill in one.fills if fill.way.startswith("value"))


def test_the_codes_beside_the_fields_are_in_the_table() -> None:
    for wanted in fields().values():
        if wanted.code is None:
            continue
        found = code_of(of_codes("systems")[wanted.code["system"]][0], wanted.code["code"])
        if found is None:
            assert wanted.derived or wanted.type == "items", wanted.id
            continue
        filled = {(fill.field, fill.value if fill.way == "item" else None) for fill in found.fills}
        from_items = (wanted.also_from or {}).get("of"), wanted.item
        assert filled & {(wanted.id, None), from_items}, wanted.id


def test_each_field_is_written_with_one_code() -> None:
    chosen = [
        (fill.field, fill.value if fill.way == "item" else None)
        for one in codes()
        if one.write and one.event is None
        for fill in one.fills
    ]
    assert len(chosen) == len(set(chosen))
    assert code_to_write("ldl_mmol_l") is not None
    assert code_to_write("lesion_volume_cm3") is None


def test_every_spelling_of_a_unit_means_one_that_converts() -> None:
    kept = {wanted.unit for wanted in fields().values() if wanted.unit}
    general = {row["from"] for row in load_data("base/units.yaml")["general"]}
    for meant in of_codes("units").values():
        assert meant in kept | general, meant
    assert convert(6_000, "/uL", "10*9/L") == pytest.approx(6)


def test_the_answers_of_the_stroke_scale_give_each_item_every_value_that_it_can_have() -> None:
    answers = of_codes("answers")
    items = {
        one.code: one.fills[0].value for one in codes() if one.fills and one.fills[0].way == "item"
    }
    assert set(answers) == set(items)
    for code, points in answers.items():
        item = scale("nihss").item(items[code])
        assert item is not None
        untestable = {"UN"} if item.untestable else set()
        assert set(points.values()) == set(item.points) | untestable, code


def test_each_reason_can_be_said_and_each_source_is_used() -> None:
    assert {one.source for one in codes()} | {"kimmchii"} == set(of_codes("sources"))
    assert all(text["en"] for text in of_codes("reasons").values())


def test_the_page_shows_the_table() -> None:
    text = PAGE.read_text(encoding="utf-8")
    shown = re.search(r"<!-- codes -->\n(.*?)<!-- end of codes -->", text, re.DOTALL)
    assert shown is not None
    assert shown[1].strip() == codes_table().strip()
