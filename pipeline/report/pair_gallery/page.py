"""`gallery.html`: the frame that a script fills with pairs, and what it says where scripts do not run."""

from typing import Final

from pipeline.report.environment import page_environment
from pipeline.report.evidence import FittingFacts, RunFacts
from pipeline.report.file_names import GALLERY_DATA, GALLERY_SCRIPT, PAGED_PAIRS
from pipeline.report.number_text import count_text, number_text
from pipeline.report.pair_table import TYPES, PairTable
from pipeline.report.thumbnails import is_cut

_LISTED = 100
# Name in the hash, words, and the order that people want first.
_SORTS: Final = (
    ("similarity", "similarity", "desc"),
    ("effect", "expected fall of the similarity", "desc"),
    ("probability", "probability of the answer", "desc"),
    ("disagreement", "disagreement between methods", "desc"),
    ("insertion", "faithfulness of the map (insertion)", "desc"),
    ("regret", "regret: how much of the true cause is missed", "desc"),
)

_TERMS: Final = (
    ("similarity", "the model’s score of the pair, a cosine between −1 and 1"),
    (
        "is expected to fall by",
        "what the similarity would lose if the query lost the attribute, read off the model’s embeddings; in brackets "
        "the 95 % interval",
    ),
    ("probability", "that no attribute of the query matters more; where no truth is known, that the query has it"),
    ("methods disagree", "share of the methods that name another attribute than most of them do"),
    (
        "insertion",
        "how faithful the map is, 0 to 1: how soon the similarity comes back when the query is shown bit by bit, what "
        "the map calls most important first",
    ),
)
# Where the truth is known.
_TRUE_TERMS: Final = (
    ("right, wrong", "whether the answer has at least 90 % of the strongest true effect"),
    (
        "regret",
        "how much more the similarity truly falls without the attribute that matters most than without this one",
    ),
)


def _terms(pairs: PairTable) -> tuple[tuple[str, str], ...]:
    """Return what stands on the cards, with its meaning."""
    is_known = any(one is not None for one in pairs.is_right)
    return (*_TERMS, *_TRUE_TERMS) if is_known else _TERMS


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
            f"{pairs.attributes[row] or 'no attribute explains this match'}",
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
            scripts=(GALLERY_DATA, PAGED_PAIRS, GALLERY_SCRIPT),
            sorts=_SORTS,
            terms=_terms(pairs),
            is_cut=is_cut(fitting),
            caution=caution,
            listed=listed,
        )
    )
    return page.encode("utf-8")
