"""`gallery.html`: the frame that a script fills with pairs, and what it says where scripts do not run."""

from typing import Final

from pipeline.report.environment import page_environment
from pipeline.report.evidence import RunFacts
from pipeline.report.file_names import GALLERY_DATA, GALLERY_SCRIPT, PAGED_PAIRS
from pipeline.report.number_text import count_text, number_text
from pipeline.report.pair_table import TYPES, PairTable

_LISTED = 100
# Name in the hash, words, and the order that people want first.
_SORTS: Final = (
    ("similarity", "similarity", "desc"),
    ("effect", "effect of the answer", "desc"),
    ("probability", "probability of the answer", "desc"),
    ("disagreement", "disagreement between methods", "desc"),
    ("insertion", "faithfulness of the map (insertion)", "desc"),
    ("regret", "regret: how much of the true cause is missed", "desc"),
)


def render_gallery(facts: RunFacts, pairs: PairTable) -> bytes:
    """Return the page as UTF-8; every value is escaped where it is put in."""
    listed = [
        (
            pairs.pair_ids[row],
            f"{pairs.queries[row]} and {pairs.references[row]}",
            f"{pairs.groups[row]}, similarity {number_text(float(pairs.similarity_p[row]), decimals=3)}, "
            f"{pairs.attributes[row] or 'no attribute explains it'}",
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
            listed=listed,
        )
    )
    return page.encode("utf-8")
