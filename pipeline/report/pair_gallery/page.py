"""`gallery.html`: the frame that a script fills with pairs, and what it says where scripts do not run."""

from typing import Final

import numpy as np

from pipeline.report.environment import page_environment
from pipeline.report.evidence import FittingFacts, RunFacts
from pipeline.report.file_names import GALLERY_DATA, GALLERY_SCRIPT, LIST_SCRIPT, PAGED_PAIRS
from pipeline.report.how_sure import RULE, HowSure
from pipeline.report.number_text import count_text, number_text
from pipeline.report.pair_table import TYPES, PairTable
from pipeline.report.thumbnails import is_cut

_LISTED = 100
# Name in the hash, words, and the order that people want first.
_SORTS: Final = (
    ("similarity", "similarity", "desc"),
    ("effect", "expected fall of the similarity", "desc"),
    ("replaced", "fall when images replace the query", "asc"),
    ("probability", "probability of the answer", "desc"),
    ("disagreement", "disagreement between methods", "desc"),
    ("insertion", "insertion: faithfulness of the map", "desc"),
    ("regret", "regret: what the answer misses", "desc"),
)

_SIMILARITY: Final = ("similarity", "the model’s score of the pair, a cosine between −1 and 1")
_EFFECT: Final = (
    "is expected to fall by",
    "what the similarity would lose if the query lost the attribute, read off the model’s embeddings; in brackets "
    "the 95 % interval",
)
_PROBABILITY_OF: Final = {
    "largest_true_effect": "that no attribute of the query matters more",
    "query_has_attribute": "that the query has the attribute; not that the answer is right",
}
_DISAGREEMENT: Final = ("methods disagree", "share of the methods that name another attribute than most of them do")
_INSERTION: Final = (
    "insertion",
    "how faithful the map is, 0 to 1, more is better: the blank query is filled in bit by bit, what the map calls most "
    "important first; with a faithful map the similarity is back soon. Deletion, on the page of a pair, is the "
    "reverse: the same is taken away first; with a faithful map the similarity falls at once, so less is better",
)
# Where the truth is known.
_TRUE_TERMS: Final = (
    ("right, wrong", "whether the answer has at least 90 % of the strongest true effect"),
    (
        "regret",
        "how much more the similarity truly falls without the attribute that matters most than without this one",
    ),
)


def _terms(pairs: PairTable) -> list[tuple[str, str]]:
    """Return the figures and words that cards show, with their meanings."""
    probabilities = {row.get("probability_of") for row in pairs.answers if row is not None and row["attribute"]}
    meant = [words for of, words in _PROBABILITY_OF.items() if of in probabilities]
    shown = (
        (_SIMILARITY, True),
        (_EFFECT, bool(np.isfinite(pairs.answer_values("effect")).any())),
        (("how sure", RULE), any(one is not None for one in pairs.sure)),
        (("probability", "; or ".join(meant)), bool(np.isfinite(pairs.answer_values("probability")).any())),
        (_DISAGREEMENT, bool(np.isfinite(pairs.disagreement_p).any())),
        (_INSERTION, bool(np.isfinite(pairs.insertion_p).any())),
    )
    is_known = any(one is not None for one in pairs.is_right)
    return [term for term, is_shown in shown if is_shown] + list(_TRUE_TERMS if is_known else ())


def _heading(sure: HowSure | None) -> str:
    return "without an answer" if sure is None else sure.heading


def render_gallery(
    facts: RunFacts, pairs: PairTable, fitting: FittingFacts | None = None, caution: str | None = None
) -> bytes:
    """Return the page as UTF-8; every value is escaped where it is put in.

    Args:
        facts: of the run.
        pairs: all of them.
        fitting: how photographs were fitted into the model's view.
        caution: what to know before the maps are read, a sentence without its stop.
    """
    listed = [
        (
            pairs.pair_ids[row],
            f"{pairs.queries[row]} and {pairs.references[row]}",
            f"{pairs.groups[row]}, similarity {number_text(float(pairs.similarity_p[row]), decimals=3)}, "
            + _heading(pairs.sure[row]),
        )
        for row in range(min(len(pairs), _LISTED))
    ]
    page = (
        page_environment()
        .get_template("pair_gallery.html")
        .render(
            facts=facts,
            n_pairs=count_text(len(pairs)),
            n_listed=count_text(len(listed)),
            group_word="Item types" if pairs.group_kind == TYPES else "Class",
            scripts=(GALLERY_DATA, PAGED_PAIRS, LIST_SCRIPT, GALLERY_SCRIPT),
            sorts=_SORTS,
            terms=_terms(pairs),
            is_cut=is_cut(fitting),
            caution=caution,
            listed=listed,
        )
    )
    return page.encode("utf-8")
