"""The figures: the same bytes from the same values, other bytes from others, and captions that say what is shown."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from pipeline.figures.attention import ModelAttention, attention_figure
from pipeline.figures.edits import EditedQuery, edits_figure
from pipeline.figures.explanations import ExplainedPair, ExplanationFacts, explanations_figure
from pipeline.figures.generators import ComparedMap, ComparedPair, generators_figure, pairs_of_generators
from pipeline.figures.paper_figure import FORMATS, PaperFigure, figure_bytes
from pipeline.figures.prior import MOST_ATTRIBUTES, prior_figure
from pipeline.figures.replacements import ReplacedQuery, replacements_figure
from pipeline.report.shown_image import ShownImage
from tests.pipeline.figures.figure_cases import FLAT_HW, MAP_HW, image, pair

MAGIC = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}
FACTS = ExplanationFacts((30, 7), 3, "rise", "a measure", "where it shows", "embedding_effect", 5)


def generators(insertion: float | None = 0.71) -> PaperFigure:
    maps = (
        ComparedMap("rise", "fixed", MAP_HW, insertion, 0.32),
        ComparedMap("random", "fixed", FLAT_HW, insertion, 0.5),
    )
    return generators_figure([ComparedPair(pair(number), maps) for number in range(2)], 40, 5)


def explained(number: int, measured: float) -> ExplainedPair:
    return ExplainedPair(pair(number), MAP_HW, "striped", MAP_HW.T, -0.2, measured, "furry")


def explanations(measured: float = -0.1) -> PaperFigure:
    return explanations_figure([explained(1, measured), explained(2, -0.3)], [explained(3, 0.1)], FACTS)


def replacement(number: int, change: float) -> ReplacedQuery:
    return ReplacedQuery(pair(number), "striped", f"other{number}", "zebra", image(40, 60), change)


def replacements(change: float = -0.4) -> PaperFigure:
    return replacements_figure([replacement(1, change)], [replacement(2, 0.01), replacement(3, 0.0)], (9, 8), 5)


def edits(drop: float = 0.2) -> PaperFigure:
    edited_hwc = np.full((20, 20, 3), 200, np.uint8)
    shown = [EditedQuery(pair(number), "red", "blue", edited_hwc, drop, False, number == 0) for number in range(3)]
    return edits_figure(shown, 12, 5, "Colours were moved.")


def prior_rows(count: int) -> list[dict[str, object]]:
    values = np.arange(1, count + 1) / (count * (count + 1) / 2)
    return [{"attribute": f"a{n:03d}", "kind": "count", "value": float(value)} for n, value in enumerate(values)]


def prior(count: int = 5) -> PaperFigure:
    return prior_figure(prior_rows(count))


def attention(similarity: float = 0.7) -> PaperFigure:
    models = [
        ModelAttention("base", pair(1), (MAP_HW, FLAT_HW)),
        ModelAttention("mined", replace(pair(1), similarity=similarity), (MAP_HW.T, MAP_HW)),
    ]
    return attention_figure([models, models], [("grad_cam", "fixed"), ("similarity_attention", "pair")], 11, 5)


CASES: list[tuple[Callable[..., PaperFigure], object]] = [
    (generators, 0.5),
    (explanations, -0.11),
    (replacements, -0.41),
    (edits, 0.21),
    (prior, 6),
    (attention, 0.6),
]


@pytest.mark.parametrize(("make", "other"), CASES, ids=lambda case: getattr(case, "__name__", ""))
def test_equal_values_give_equal_bytes_and_others_do_not(make: Callable[..., PaperFigure], other: object) -> None:
    for file_format in FORMATS if make is generators else ("png",):
        first, second, changed = (figure_bytes(one.drawn, file_format) for one in (make(), make(), make(other)))
        assert first.startswith(MAGIC[file_format])
        assert first == second
        assert first != changed
        assert b"atplotlib" not in first


def test_captions_say_how_pairs_were_chosen_and_which_they_are() -> None:
    for figure, counts in ((generators(), ["2 of 40"]), (explanations(), ["2 of 30", "1 of 7"])):
        text = figure.caption_text()
        assert all(f"{count}, drawn by seed 5" in text for count in counts)
    text = explanations().caption_text()
    assert "2. pair2: query q2, reference r2, similarity 0.520; attribute striped; expected −0.200" in text
    assert "measured +0.100; classifier furry" in text
    assert "3 more pairs have an answer" in text
    assert "1 of 9" in replacements().caption_text()
    assert "replaced by other1; change −0.400" in replacements().caption_text()
    assert "3 of 12" in edits().caption_text()
    assert "red edited to blue; change −0.200; the attribute explains the match" in edits().caption_text()


def test_attention_has_a_row_a_model_and_says_both_scores() -> None:
    figure = attention()
    assert "Attention of 2 models for the same pairs: base, mined." in figure.caption_text()
    assert "2 of 11, drawn by seed 5" in figure.caption_text()
    assert "similarity 0.510; by mined 0.700" in figure.caption_text()
    names = [text.get_text() for text in figure.drawn.texts]
    assert names.count("base") == names.count("mined") == 2
    assert names.count("Grad-CAM") == 1


def test_without_curves_and_of_controls_the_caption_says_so() -> None:
    assert "No insertion and deletion curves" in generators(None).caption_text()
    assert "No insertion" not in generators().caption_text()
    assert "random know nothing of the model" in generators().caption_text()


@pytest.mark.parametrize(
    ("count", "pairs", "rows"), [(1, 4, 4), (5, 4, 4), (6, 3, 6), (8, 3, 6), (11, 2, 6), (40, 1, 8)]
)
def test_many_generators_stand_below_each_other_on_one_page(count: int, pairs: int, rows: int) -> None:
    assert pairs_of_generators(count) == pairs
    maps = tuple(ComparedMap("rise", f"mode{n}", MAP_HW, 0.5, 0.5) for n in range(count))
    figure = generators_figure([ComparedPair(pair(number), maps) for number in range(pairs)], 40, 5).drawn
    tops = {
        round(axes.get_position().y0, 4) for axes in figure.axes if axes.images and axes.get_position().height > 0.02
    }
    assert len(tops) == rows
    titles = [text.get_text() for text in figure.texts if text.get_text().startswith("RISE, mode")]
    assert len(titles) == (count if count <= 5 else count * pairs)


def test_a_kind_without_pairs_is_left_out_and_said() -> None:
    figure = explanations_figure([explained(1, -0.1)], [], replace(FACTS, candidates=(30, 0)))
    assert "Pairs that are not borne out: there is none." in figure.caption_text()
    assert figure.drawn.get_figwidth() < explanations().drawn.get_figwidth()


def test_images_whose_files_are_gone_are_counted() -> None:
    gone = replace(pair(1), query_image=ShownImage(np.zeros((8, 8, 3), np.uint8), is_substitute=True))
    one = replacement(1, -0.4)
    text = replacements_figure([replace(one, pair=gone)], [replacement(2, 0.1)], (1, 1), 5).caption_text()
    assert "Of 1 images the photograph is not there any more" in text
    assert "not there any more" not in replacements().caption_text()


def test_a_prior_that_tells_nothing_has_no_panel_beside_one_that_does() -> None:
    flat = [{**row, "kind": "tcav", "value": 0.2} for row in prior_rows(5)]
    both, alone = prior_figure([*prior_rows(5), *flat]), prior_figure(flat)
    assert len(both.drawn.axes) == len(alone.drawn.axes) == 1
    assert "together: all attributes are equally likely, so it has no panel" in both.caption_text()
    assert "no panel" not in alone.caption_text()
    telling = [{**row, "value": 0.3 if number else 0.2} for number, row in enumerate(flat)]
    assert len(prior_figure([*prior_rows(5), *telling]).drawn.axes) == 2


def test_the_prior_shows_the_largest_first_and_says_what_it_leaves_out() -> None:
    few, many = prior(5), prior(MOST_ATTRIBUTES + 20)
    (panel,) = few.drawn.axes
    heights = [bar.get_height() for bar in panel.patches]
    assert heights == sorted(heights, reverse=True)
    assert [label.get_text() for label in panel.get_xticklabels()] == ["a004", "a003", "a002", "a001", "a000"]
    assert "all attributes are shown" in few.caption_text()
    assert len(many.drawn.axes[0].patches) == MOST_ATTRIBUTES
    rest = sum(sorted(float(str(row["value"])) for row in prior_rows(MOST_ATTRIBUTES + 20))[:20])
    assert f"the others share {100 * rest:.1f} %" in many.caption_text()
