"""A screened population as one page: who is left in, what each rule costs, which fact is missing.

Everything on it is a count, shown as `SmallCounts` allows, in words and in pictures alike; nothing
about a person can be on it, because nothing about a person comes here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from markupsafe import Markup

from saisei import __version__
from saisei.base.sources import Source
from saisei.base.store import data_digest, load_data
from saisei.base.texts import Catalogue, Language, in_language
from saisei.cases import fields
from saisei.cases.codes import of_codes
from saisei.decision import emergency_words
from saisei.decision.model import Emergency
from saisei.decision.views import TherapyView
from saisei.eligibility import Criterion
from saisei.eligibility.population.deciding_items import MissingItem
from saisei.eligibility.population.read import Read
from saisei.eligibility.population.small_counts import SmallCounts
from saisei.report.html import print_page
from saisei.report.page import Page
from saisei.report.pictures.narrowing import Step, bar_picture, narrowing_picture, open_pattern
from saisei.report.tables import Table
from saisei.therapies import Described, describe, therapy_sources

if TYPE_CHECKING:
    from saisei.eligibility.population.attrition import Attrition, RuleCount
    from saisei.eligibility.population.protocols import Protocol
    from saisei.eligibility.population.screen import PopulationResult

__all__ = ["Screened", "screening_page"]

SCHEMA = "saisei-screening/1"
MOST_OVERALL = 12
"""How many missing facts are shown over all trials."""
RULE_COUNTS = (
    "met",
    "not_met",
    "unknown",
    "only_failed",
    "only_unknown",
    "left",
    "met_so_far",
)
ITEM_COUNTS = ("alone", "waiting", "together")
KINDS = ("trial", "programme", "other")


@dataclass(frozen=True, slots=True)
class Screened:
    """What the page is made from.

    Parameters
    ----------
    result
        The counts.
    protocols
        What people were held against, in the order of the result.
    source
        The name of the source, without its folder.
    read
        What became of the rows of the source.
    small
        How small counts are shown.
    """

    result: PopulationResult
    protocols: Sequence[Protocol]
    source: str
    read: Read = field(default_factory=Read)
    small: SmallCounts = field(default_factory=SmallCounts)


@dataclass(frozen=True, slots=True)
class Head:
    """What the frame of every page asks for."""

    title: str
    as_of: str
    language: Language
    emergency: Emergency
    sources: tuple[Source, ...]
    audience: str = "clinician"
    schema: str = SCHEMA
    version: str = __version__
    data_digest: str = field(default_factory=data_digest)
    therapies: tuple[TherapyView, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule with its counts in words."""

    rule: Criterion
    sources: tuple[str, ...]
    """The keys of its sources that the page can lead to."""
    counts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ItemRow:
    """A missing fact with its question and its counts in words."""

    item: str
    question: str
    effort: str
    counts: tuple[str, ...]
    protocols: int = 1


@dataclass(frozen=True, slots=True)
class ProtocolView:
    """One protocol, ready to print."""

    about: Described
    anchor: str
    attrition: Attrition
    counts: tuple[str, ...]
    """Who matches, is undecided and does not match, in words."""
    bar: Markup
    funnel: Markup
    rules: tuple[RuleRow, ...]
    team: tuple[Criterion, ...]
    items: tuple[ItemRow, ...]
    for_everybody: int
    """Of how many missing facts a rule is open for everybody who is undecided."""


def screening_page(screened: Screened, language: Language = "en") -> str:
    """Write a screened population as one HTML page.

    The same counts give the same bytes.
    """
    maker = _Maker(screened, language)
    views = maker.views()
    known = {
        "page": maker.page,
        "decision": maker.head,
        "say": maker.texts.say,
        "shown": maker.shown,
        "screened": screened,
        "time": f"{screened.result.as_of:%H:%M %Z}",
        "groups": [(kind, [v for v in views if v.about.kind == kind]) for kind in KINDS],
        "overall": maker.overall(views),
        "answer": maker.answer(views),
        "small_sentence": maker.small_sentence(),
        "read_sentences": maker.read_sentences(),
        "read_table": maker.read_table(),
        "left_out": maker.left_out(),
        "rule_counts": RULE_COUNTS,
        "item_counts": ITEM_COUNTS,
        "open_pattern": open_pattern(),
    }
    return print_page("screening", known, "screening.css")


class _Maker:
    """Makes the parts of one page."""

    def __init__(self, screened: Screened, language: Language) -> None:
        self.screened = screened
        self.shown = screened.small.words
        self.drawn = screened.small.drawn
        self.language = language
        name = "report/screenings.yaml"
        self.texts = Catalogue(name, load_data(name), language)
        self.sources = therapy_sources()
        result = screened.result
        self.head = Head(
            self.texts.say("title", people=self.shown(result.people)),
            result.as_of.isoformat(),
            language,
            emergency_words(language),
            tuple(self.sources.values()),
        )
        self.page = Page(self.head)

    def views(self) -> list[ProtocolView]:
        """Give every protocol, those with the most people still in first."""
        pairs = zip(self.screened.result.protocols, self.screened.protocols, strict=True)
        views = [self._view(attrition, protocol) for attrition, protocol in pairs]
        return sorted(views, key=self._place)

    def _place(self, view: ProtocolView) -> tuple[float, float, str]:
        found = view.attrition
        matching, undecided = self.drawn(found.matches), self.drawn(found.undecided)
        return -(matching + undecided), -matching, found.protocol

    def _view(self, found: Attrition, protocol: Protocol) -> ProtocolView:
        about = describe(found.protocol, self.screened.result.as_of, self.language)
        counts = (found.matches, found.undecided, found.does_not_match)
        rows = zip(protocol.counted, found.rules, strict=True)
        return ProtocolView(
            about=about,
            anchor=self.page.anchor("p", found.protocol),
            attrition=found,
            counts=tuple(map(self.shown, counts)),
            bar=bar_picture(map(self.drawn, counts)),
            funnel=self._funnel(found),
            rules=tuple(self._rule(rule, counted) for rule, counted in rows),
            team=tuple(rule for rule in protocol.criteria if rule not in protocol.counted),
            items=tuple(self._item(item) for item in found.missing),
            for_everybody=sum(self._of_all(item, found) for item in found.missing),
        )

    def _of_all(self, item: MissingItem, found: Attrition) -> bool:
        return self.shown(item.waiting) == self.shown(found.undecided)

    def _rule(self, rule: Criterion, counted: RuleCount) -> RuleRow:
        counts = tuple(self.shown(getattr(counted, name)) for name in RULE_COUNTS)
        return RuleRow(rule, tuple({rule.source} & self.sources.keys()), counts)

    def _item(self, item: MissingItem, protocols: int = 1) -> ItemRow:
        wanted = fields()[item.item]
        return ItemRow(
            item.item,
            in_language(wanted.question, self.language),
            wanted.effort,
            tuple(self.shown(getattr(item, name)) for name in ITEM_COUNTS),
            protocols,
        )

    def _funnel(self, found: Attrition) -> Markup:
        """Draw the rules in the order of the protocol, after everybody before any rule."""
        if not found.rules:
            return Markup("")
        say, people = self.texts.say, self.screened.result.people
        everybody = self.drawn(people)
        steps = [Step(say("funnel.start"), everybody, everybody, everybody, self.shown(people))]
        for rule in found.rules:
            left, sure = self.drawn(rule.left), self.drawn(rule.met_so_far)
            steps.append(Step(rule.rule, left, sure, steps[-1].left, self.shown(rule.left)))
        last = found.rules[-1]
        return narrowing_picture(
            self.page.picture_name(),
            everybody,
            steps,
            say("funnel.title", protocol=found.protocol),
            say(
                "funnel.desc",
                people=self.shown(people),
                left=self.shown(last.left),
                sure=self.shown(last.met_so_far),
            ),
        )

    def answer(self, views: Sequence[ProtocolView]) -> list[str]:
        """Say in short what was found."""
        say = self.texts.say
        trials = [view for view in views if view.about.kind == "trial"]
        others = [view for view in views if view.about.kind == "other"]
        said = [self._in(trials, "answer.trials")] if trials else []
        said += [self._in(others, "answer.others")] if others else []
        if trials:
            count = sum(view.about.standing == "option" for view in trials)
            key = "answer.recruiting" if count else "answer.no_recruiting"
            said.append(say(key, count=count))
        return [*said, say("no_promise"), say("answer.undecided"), say("answer.team")]

    def _in(self, views: Sequence[ProtocolView], key: str) -> str:
        matching = sum(view.attrition.matches > 0 for view in views)
        open_ = sum(view.attrition.undecided > 0 for view in views)
        return self.texts.say(key, trials=len(views), matching=matching, open=open_)

    def small_sentence(self) -> str:
        """Say how counts are shown."""
        small = self.screened.small
        if small.exact:
            return self.texts.say("about.exact")
        return self.texts.say(
            "about.rounded", most=small.least - 1, shown=small.words(1), least=small.least
        )

    def read_sentences(self) -> list[str]:
        """Say how many people were read, and by what."""
        people, dead = self.screened.result.people, self.screened.read.dead
        key = "read.people" if dead else "read.people_only"
        return [
            self.texts.say(key, people=self.shown(people), dead=self.shown(dead)),
            self.texts.say("read.version", version=__version__, digest=self.head.data_digest),
        ]

    def left_out(self) -> list[str]:
        """Say which rows were not read, and why."""
        read, say = self.screened.read, self.texts.say
        told = [
            say("read.left_out", table=table, rows=self.shown(rows), reason=self._reason(reason))
            for (table, reason), rows in sorted(read.left_out.items())
        ]
        return told + [
            say("read.unmapped", table=table, rows=self.shown(rows))
            for table, rows in sorted(read.unmapped.items())
        ]

    def _reason(self, reason: str) -> str:
        return in_language(of_codes("reasons").get(reason, reason), self.language)

    def read_table(self) -> Table:
        """Give the rows of each table of the source, and how many of them were used."""
        read = self.screened.read
        headers = tuple(self.texts.say(f"read.{name}") for name in ("table", "rows", "used"))
        rows = tuple(
            (name, self.shown(count), self.shown(read.used[name]) if name in read.used else "")
            for name, count in read.rows.items()
        )
        return Table(self.texts.say("read.caption"), headers, rows, compact=True).filled()

    def overall(self, views: Iterable[ProtocolView]) -> tuple[ItemRow, ...]:
        """Add the missing facts of all trials up, as they are shown, the best one first."""
        sums: dict[str, list[MissingItem]] = {}
        for view in views:
            for item in view.attrition.missing if view.about.kind != "programme" else ():
                sums.setdefault(item.item, []).append(item)
        found = [(self._added(name, items), len(items)) for name, items in sums.items()]
        found.sort(key=lambda one: (-one[0].alone, -one[0].waiting, one[0].item))
        return tuple(self._item(item, count) for item, count in found[:MOST_OVERALL])

    def _added(self, name: str, items: Sequence[MissingItem]) -> MissingItem:
        alone = int(sum(self.drawn(item.alone) for item in items))
        waiting = int(sum(self.drawn(item.waiting) for item in items))
        return MissingItem(name, alone, waiting, 0)
