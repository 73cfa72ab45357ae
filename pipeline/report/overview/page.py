"""The overview as a page: the answer first, then what it rests on."""

from dataclasses import dataclass

import numpy as np

from pipeline.datasets.declaration import QUERY
from pipeline.evaluation.audit.answers import ANSWER
from pipeline.evaluation.bootstrap import Interval
from pipeline.report.environment import page_environment
from pipeline.report.evidence import ReportEvidence
from pipeline.report.few_clusters import SEVERAL
from pipeline.report.metric_table import MetricTable
from pipeline.report.number_text import PERCENT, count_text, moment_text, number_text
from pipeline.report.overview.charts import ResponsiveChart, effects_chart, shares_chart, worth_chart
from pipeline.report.overview.check import Check
from pipeline.report.overview.maps_worth import maps_caution, maps_worth, shown_estimates, worth_sentences
from pipeline.report.overview.shares import (
    AttributeShare,
    GroupShares,
    Share,
    attribute_shares,
    expected_effect,
    group_shares,
    other_attributes,
    sure_shares,
    unanswered_share,
)
from pipeline.report.overview.strangest import methods_text, strangest_pairs
from pipeline.report.overview.summary import (
    answer_sentences,
    effect_text,
    replaced_sentence,
    share_text,
    source_sentence,
    sure_by_text,
)
from pipeline.report.overview.trust import Verdict, trust_checks, verdict
from pipeline.report.pair_table import TYPES, PairTable
from pipeline.report.thumbnails import is_cut

# Of classes or types at once; the others are folded.
_GROUPS_SHOWN = 10
_OUTCOME_WORDS = {"good": "In favour", "weak": "In doubt", "bad": "Against"}


@dataclass(frozen=True)
class _Matched:
    """What the pairs say: sentences, checks and their verdict, charts and tables."""

    sentences: tuple[str, ...]
    judged: Verdict
    checks: list[Check]
    shares: list[AttributeShare]
    others: list[Share]
    groups: list[GroupShares]
    n_groups: int
    source: str
    replaced: str
    sure: dict[str, Interval]
    sure_by: str


def render_overview(evidence: ReportEvidence) -> bytes:
    """Return `index.html` as UTF-8; equal evidence gives equal bytes, and every value is escaped where it is put in."""
    pairs = evidence.pair_table
    matched = None if pairs is None or len(pairs) == 0 or not evidence.answers else _matched(evidence, pairs)
    facts = evidence.facts
    worth = shown_estimates(maps_worth(evidence))
    page = (
        page_environment()
        .get_template("overview.html")
        .render(
            facts=facts,
            matched=matched,
            group_word="Types" if pairs is not None and pairs.group_kind == TYPES else "Class",
            is_cut=is_cut(evidence.fitting),
            groups_shown=_GROUPS_SHOWN,
            units=SEVERAL[QUERY if pairs is None else pairs.cluster_unit],
            outcome_words=_OUTCOME_WORDS,
            charts=_charts(matched),
            worth=worth_chart(worth) if worth else None,
            worth_sentences=worth_sentences(evidence),
            caution=maps_caution(evidence),
            strangest=[] if pairs is None else strangest_pairs(pairs),
            methods_text="" if pairs is None else methods_text(pairs.methods),
            header_facts=_facts(evidence),
            share_text=share_text,
            effect_text=effect_text,
            unbroken=_unbroken,
            count_text=count_text,
            percent=lambda value: number_text(value, PERCENT, 0),
        )
    )
    return page.encode("utf-8")


def _matched(evidence: ReportEvidence, pairs: PairTable) -> _Matched:
    shares, unanswered = attribute_shares(pairs), unanswered_share(pairs)
    metrics = MetricTable(evidence.metrics)
    n_clusters = len(np.unique(pairs.clusters_p))
    clusters = (n_clusters, pairs.cluster_unit)
    checks = trust_checks(evidence.answer_choice, metrics, unanswered, clusters, pairs, evidence.outfits)
    judged = verdict(checks, metrics.of_variant("audit", "normalised_regret", ANSWER) is not None)
    sentences = answer_sentences(evidence.facts, shares, unanswered, judged)
    return _Matched(
        sentences,
        judged,
        checks,
        shares,
        other_attributes(pairs),
        group_shares(pairs),
        len(set(pairs.groups)),
        source_sentence(evidence.answer_choice),
        replaced_sentence(expected_effect(pairs), metrics.of_variant("answer", "matched_effect", ANSWER)),
        {level: share for level, share in sure_shares(pairs).items() if share.value > 0},
        sure_by_text(pairs),
    )


def _unbroken(text: str) -> str:
    """Return a figure and its interval as a text that no line ends in."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def _charts(matched: _Matched | None) -> tuple[ResponsiveChart, ...]:
    if matched is None or not matched.shares:
        return ()
    return shares_chart(matched.shares), effects_chart(matched.shares)


def _facts(evidence: ReportEvidence) -> list[tuple[str, str]]:
    facts = evidence.facts
    adopted = sum(stage.is_adopted for stage in evidence.stages)
    earlier = f"{count_text(adopted)} of {count_text(len(evidence.stages))}"
    return [
        ("dataset", facts.dataset),
        ("similarity model", facts.similarity_model),
        ("explained pairs", count_text(facts.test_pairs)),
        ("attributes", count_text(facts.attributes)),
        ("seed", str(facts.seed)),
        ("results made", moment_text(facts.made)),
        *([("stages of earlier code, declared valid", earlier)] if adopted else []),
    ]
