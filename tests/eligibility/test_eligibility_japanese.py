"""Rules of real protocols in Japanese, written out by hand; readings and verdicts."""

from __future__ import annotations

from random import Random

import pytest

from eligibility.drawn import draw_person, draw_rule, lookup_in, protocol_rules
from saisei.base.dates import Span
from saisei.cases import Answer, Known
from saisei.eligibility import (
    Criterion,
    Lookup,
    by_field,
    evaluate,
    field_name,
    fields_of,
    judge,
    parse,
    reading_words,
    rules_note,
    sentence,
    value_word,
)
from saisei.vocabulary import Truth

RULES = [
    # one of some words, and its opposite
    ("condition == 'ischemic-stroke'", "対象疾患が脳梗塞である"),
    ("condition in {'ischemic-stroke', 'tbi'}", "対象疾患が脳梗塞または外傷性脳損傷である"),
    ("stroke_type in {'ischemic', 'intracerebral-haemorrhage'}",
     "脳卒中の病型が脳梗塞または脳出血である"),
    ("stroke_type != 'subarachnoid-haemorrhage'", "脳卒中の病型がくも膜下出血ではない"),
    ("stroke_type not in {'tia', 'ischemic'}",
     "脳卒中の病型が一過性脳虚血発作（TIA）または脳梗塞のいずれでもない"),
    ("mrs_current in {3, 4}", "現在のmRSが3または4である"),
    ("mrs_current == 5", "現在のmRSが5である"),
    ("stroke_mechanism in {'tumour-embolism', 'traumatic-embolism', 'parasitic-embolism'}",
     "脳卒中の原因が腫瘍塞栓、外傷性塞栓または寄生虫塞栓である"),
    # a number and its limits
    ("nihss_total >= 8", "NIHSSが8以上である"),
    ("nihss_total > 24", "NIHSSが24を超える"),
    ("gcs_total < 8", "グラスゴー・コーマ・スケール（GCS）が8未満である"),
    ("barthel_total <= 50", "Barthel Indexが50以下である"),
    ("serum_creatinine_mg_dl > 1.4", "血清クレアチニンが1.4 mg/dLを超える"),
    ("platelet_count_10e9_l < 100", "血小板数が100 × 10⁹/L未満である"),
    ("oxygen_saturation_percent < 90", "酸素飽和度が90%未満である"),
    ("ast_alt_x_uln > 2.5", "ASTとALTの高い方が基準値上限の2.5倍を超える"),
    ("egfr_ml_min_173 < 90", "eGFRが90 mL/分/1.73 m²未満である"),
    ("symptomatic_stroke_count > 1", "症状のある脳卒中の回数が1回を超える"),
    ("months_since_myocardial_infarction <= 6", "最後の心筋梗塞からの期間が6か月以下である"),
    ("not months_since_myocardial_infarction <= 6", "最後の心筋梗塞からの期間が6か月を超える"),
    # ranges, closed and open, and their opposites
    ("18 <= age_years <= 75", "年齢が18歳以上75歳以下である"),
    ("not 40 <= age_years <= 70", "年齢が40歳未満または70歳超である"),
    ("6 <= months_since_stroke <= 60", "脳卒中発症からの期間が6か月以上60か月以下である"),
    ("3 < months_since_stroke < 60", "脳卒中発症からの期間が3か月を超え60か月未満である"),
    ("not 3 < months_since_stroke < 60", "脳卒中発症からの期間が3か月以下または60か月以上である"),
    ("3 <= mrs_current < 5", "現在のmRSが3以上5未満である"),
    ("not 3 < mrs_current <= 4", "現在のmRSが3以下または4超である"),
    ("1 <= ast_alt_x_uln <= 3", "ASTとALTの高い方が基準値上限の1倍以上基準値上限の3倍以下である"),
    # lists
    ("any_of(infarct_territory, {'MCA'})", "梗塞の血管支配領域に中大脳動脈（MCA）を含む"),
    ("any_of(infarct_territory, {'ICA', 'MCA', 'ACA'})",
     "梗塞の血管支配領域に内頸動脈（ICA）、中大脳動脈（MCA）または前大脳動脈（ACA）を含む"),
    ("none_of(infarct_territory, {'MCA'})", "梗塞の血管支配領域に中大脳動脈（MCA）を含まない"),
    ("none_of(contraindicated_imaging, {'CT', 'MRI'})",
     "禁忌の画像検査にCTおよびMRIのいずれも含まない"),
    ("within(infarct_territory, {'MCA'})",
     "梗塞の血管支配領域に中大脳動脈（MCA）以外のものを含まない"),
    ("all_of(can_undergo_imaging, {'CT', 'MRI', 'PET'})",
     "実施可能な画像検査にCT、MRIおよびPETをすべて含む"),
    ("not all_of(can_undergo_imaging, {'CT', 'MRI'})",
     "実施可能な画像検査にCTおよびMRIの少なくとも1つを含まない"),
    ("antithrombotics == []", "服用中の抗血栓薬がない"),
    ("antithrombotics != []", "服用中の抗血栓薬が1つ以上ある"),
    ("at_least(2, infection_serology_positive, {'HIV', 'HBV', 'HCV'})",
     "血液検査で陽性の感染症にHIV、B型肝炎およびC型肝炎のうち2つ以上を含む"),
    # yes and no
    ("seizure_history", "けいれん発作の既往がある"),
    ("not seizure_history", "けいれん発作の既往がない"),
    ("not lacunar_infarct", "ラクナ梗塞ではない"),
    ("pregnant_or_breastfeeding", "妊娠中または授乳中である"),
    ("not pregnant_or_breastfeeding", "妊娠中でも授乳中でもない"),
    ("accepts_tacrolimus", "タクロリムスの服用を受け入れられる"),
    # joined
    ("lacunar_infarct and months_since_stroke < 12",
     "ラクナ梗塞であり、かつ、脳卒中発症からの期間が12か月未満である"),
    ("hepatic_dysfunction or renal_dysfunction", "肝疾患があるか、または腎疾患がある"),
    ("inr > 1.4 or aptt_s > 37 or platelet_count_10e9_l < 100",
     ("INRが1.4を超えるか、活性化部分トロンボプラスチン時間（aPTT）が37秒を超えるか、"
      "または血小板数が100 × 10⁹/L未満である")),
    ("not (seizure_history or coma)", "けいれん発作の既往がなく、かつ、昏睡状態ではない"),
    ("not (in_other_trial and epilepsy)",
     "他の臨床試験に参加していないか、またはてんかんと診断されていない"),
    ("not (in_other_trial or epilepsy or coma)",
     "他の臨床試験に参加しておらず、てんかんと診断されておらず、かつ、昏睡状態ではない"),
    (("stroke_hemisphere == 'right' and 6 <= nihss_total <= 15"
      " or stroke_hemisphere == 'left' and 6 <= nihss_total <= 18"),
     ("（病変側が右であり、かつ、NIHSSが6以上15以下である）、"
      "または（病変側が左であり、かつ、NIHSSが6以上18以下である）")),
    ("mrs_current > 3 or (nihss_total < 7 and (nihss_best_language == 2 or nihss_visual == 2))",
     ("現在のmRSが3を超えるか、または（NIHSSが7未満であり、かつ、（NIHSS項目9（最良の言語）が2であるか、"
      "またはNIHSS項目3（視野）が2である））")),
    ("at_least(2, seizure_history, coma, mrs_current >= 4)",
     "次の［けいれん発作の既往がある；昏睡状態である；現在のmRSが4以上である］のうち2項目以上を満たす"),
    ("not at_least(2, seizure_history, coma, diabetes)",
     "次の［けいれん発作の既往がある；昏睡状態である；糖尿病がある］のうち満たすのが2項目未満である"),
    ("at_least(2, seizure_history, coma, diabetes) and epilepsy",
     ("次の［けいれん発作の既往がある；昏睡状態である；糖尿病がある］のうち2項目以上を満たし、"
      "かつ、てんかんと診断されている")),
    # records, times and arithmetic; what a protocol says of unknowns
    ("highest(nihss_total, days=7) - nihss_total >= 4",
     "直近7日間のNIHSSの最高値からNIHSSを引いた値が4以上である"),
    ("days_since(onset_datetime) < 30", "脳卒中の発症時点から現在までの期間が30日未満である"),
    ("hours_between(onset_datetime, datetime_thrombolysis_end) <= 4.5",
     "脳卒中の発症時点から血栓溶解療法が終わった時点までの期間が4.5時間以下である"),
    ("if_unknown(seizure_history, False)",
     "「けいれん発作の既往がある」（不明の場合は満たさないとみなす）"),
    ("not if_unknown(seizure_history, False)",
     "「けいれん発作の既往がない」（不明の場合は満たすとみなす）"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "said"), RULES)
def test_a_rule_reads_as_it_was_written_out_by_hand(rule: str, said: str) -> None:
    assert sentence(parse(rule), "ja") == said


def test_most_of_the_rules_written_out_stand_in_a_protocol() -> None:
    used = {rule.when for rule in protocol_rules()}
    assert sum(parse(rule) in used for rule, _ in RULES) >= 30


# ---------------------------------------------------------------- readings and verdicts


@pytest.mark.parametrize(
    ("rule", "answer", "said"),
    [
        ("mrs_current == 3", 3.0, "現在のmRS：3"),
        ("lesion_volume_cm3 > 100", 24.25, "病変の体積：24.2 cm³"),
        ("months_since_stroke > 6", Span(10.67, 22.6),
         "脳卒中発症からの期間：10.7か月から22.6か月の間"),
        ("months_since_tbi > 6", float("inf"), "脳損傷からの期間：一度も起きていない"),
        ("seizure_history", False, "けいれん発作の既往がない"),
        ("stroke_type == 'tia'", "ischemic", "脳卒中の病型：脳梗塞"),
        ("'MRI' in contraindicated_imaging", frozenset({"PET", "CT"}), "禁忌の画像検査：CT、PET"),
        ("antithrombotics == []", frozenset[str](), "服用中の抗血栓薬：なし"),
        ("antithrombotics == []", frozenset({"apixaban"}), "服用中の抗血栓薬：アピキサバン"),
        ("any_of(infarct_territory, {'MCA'})", frozenset({"ICA"}),
         "梗塞の血管支配領域（内頸動脈（ICA））：判定できるほど正確にはわからず不明"),
    ],
)  # fmt: skip
def test_a_reading_says_the_value(rule: str, answer: Known, said: str) -> None:
    expression = parse(rule)
    (field,) = fields_of(expression)
    (reading,) = evaluate(expression, lambda _: Answer(field, "known", answer)).because
    assert reading_words(reading, "ja") == said


@pytest.mark.parametrize("rule", ["mrs_current == 3", "seizure_history", "antithrombotics == []"])
@pytest.mark.parametrize("state", ["missing", "stale"])
def test_what_is_not_known_is_never_told_as_none(rule: str, state: str) -> None:
    found = evaluate(parse(rule), by_field(lambda name: Answer(name, state)))  # type: ignore[arg-type] # a word of the two
    said = reading_words(found.because[0], "ja")
    assert "不明" in said
    assert "なし" not in said


def test_a_field_can_be_named_in_a_question() -> None:
    assert field_name("mrs_current", "ja") == "現在のmRS"
    assert field_name("seizure_history", "ja") == "けいれん発作の既往があるかどうか"
    assert value_word("MRI-contrast", "ja") == "造影MRI"


def known(**values: Known) -> Lookup:
    def lookup(name: str) -> Answer:
        return Answer(name, "known", values[name]) if name in values else Answer(name, "missing")

    return by_field(lookup)


SEIZURE = Criterion("e5", "exclusion", "any seizure", parse("seizure_history"))
RANKIN = Criterion("i5", "inclusion", "mRS 3 or 4", parse("mrs_current in {3, 4}"))
TACROLIMUS = Criterion("i4", "inclusion", "takes tacrolimus", parse("accepts_tacrolimus"))


@pytest.mark.parametrize(
    ("rule", "person", "verdict", "said"),
    [
        (RANKIN, known(mrs_current=3.0), "満たす",
         "現在のmRSが3または4である：満たす（現在のmRS：3）"),
        (RANKIN, known(mrs_current=5.0), "満たさない",
         "現在のmRSが3または4である：満たさない（現在のmRS：5）"),
        (RANKIN, known(), "不明", "現在のmRSが3または4である：不明（現在のmRS：不明）"),
        (SEIZURE, known(seizure_history=False), "満たす",
         "「けいれん発作の既往がある」に該当しないこと：満たす（けいれん発作の既往がない）"),
        (SEIZURE, known(), "不明",
         "「けいれん発作の既往がある」に該当しないこと：不明（けいれん発作の既往があるかどうか：不明）"),
        (TACROLIMUS, known(), "治験チームが判断",
         "タクロリムスの服用を受け入れられる：治験チームが判断"),
        (TACROLIMUS, known(accepts_tacrolimus=True), "治験チームが判断",
         ("タクロリムスの服用を受け入れられる：治験チームが判断"
          "（症例の記載：タクロリムスの服用を受け入れられる）")),
    ],
)  # fmt: skip
def test_a_verdict_in_one_line(rule: Criterion, person: Lookup, verdict: str, said: str) -> None:
    judged = judge(rule, person)
    assert judged.verdict_words("ja") == verdict
    assert judged.said("ja") == said
    assert judged.said() == judged.sentence


def test_a_rule_in_japanese_comes_from_its_expression_and_that_is_said() -> None:
    """A protocol's own text exists in English only."""
    assert SEIZURE.required() == SEIZURE.requirement == "must not be so: any seizure"
    assert SEIZURE.required("ja") == "「けいれん発作の既往がある」に該当しないこと"
    assert SEIZURE.sentence("ja") == "次の場合は除外：けいれん発作の既往がある"
    assert RANKIN.required("ja") == RANKIN.sentence("ja")
    assert "式から作成" in rules_note("ja")


def test_the_verdict_does_not_depend_on_the_language() -> None:
    random = Random(17)  # noqa: S311 - what is tried, not a secret
    words = {Truth.TRUE: "満たす", Truth.FALSE: "満たさない", Truth.UNKNOWN: "不明"}
    for number in range(300):
        rule = Criterion(f"r{number}", "inclusion", "r", draw_rule(random))
        judged = judge(rule, lookup_in(draw_person(random)))
        assert judged.verdict_words("ja") == words[judged.truth]
