"""The gallery's columns: each value in its place, and nothing of a dataset that could be code."""

import json

import numpy as np

from pipeline.report.pair_gallery.data import gallery_script
from pipeline.report.thumbnails import image_digest
from tests.pipeline.report.report_cases import make_pair_table


def columns(script: bytes):
    start, end = b"window.galleryData = ", b";\n"
    assert script.startswith(start)
    assert script.endswith(end)
    return json.loads(script[len(start) : -len(end)])


def test_every_column_is_that_of_the_pairs() -> None:
    pairs = make_pair_table(23)
    found = columns(gallery_script(pairs, [None, *[pair % 9 for pair in range(22)]]))
    images = found["images"]
    for row in range(23):
        query, reference = found["query"][row], found["reference"][row]
        assert (images["id"][query], images["id"][reference]) == (pairs.queries[row], pairs.references[row])
        assert images["label"][query] == pairs.query_labels[row]
        assert images["name"][reference] == image_digest(pairs.references[row])
        assert found["groups"][found["group"][row]] == pairs.groups[row]
        named = found["attribute"][row]
        assert (found["attributes"][named] if named >= 0 else None) == pairs.attributes[row]
    assert found["id"] == list(pairs.pair_ids)
    assert found["right"] == list(pairs.is_right)
    assert found["together"] == [False] * 23
    assert found["bright"][:3] == [-1, 0, 1]
    np.testing.assert_allclose(found["similarity"], pairs.similarity_p, atol=6e-5)
    assert [value is None for value in found["regret"]] == np.isnan(pairs.regret_p).tolist()
    assert [value is None for value in found["effect"]] == [name is None for name in pairs.attributes]
    assert found["nearest"] == pairs.nearest_pk.tolist()
    for image_id, row in zip(images["id"], images["attributes"], strict=True):
        labels = [found["labels"][label] for label in found["labelSets"][row]]
        assert labels == pairs.image_labels[image_id]
    assert len(found["labelSets"]) == 3
    known = ~np.isnan(pairs.falls_further_p)
    assert [value is not None for value in found["replaced"]] == known.tolist()
    np.testing.assert_allclose(np.array(found["replaced"])[known].astype(float), pairs.falls_further_p[known])
    assert [found["levels"][row] for row in found["sure"]] == [one.level for one in pairs.sure]
    assert [found["headings"][row] for row in found["heading"]] == [one.heading for one in pairs.sure]
    assert found["measured"] == [one.is_measured for one in pairs.sure]
    assert {"sure", "unsure", "contradicted"} == {one.level for one in pairs.sure}


def test_pairs_without_an_answer_have_neither_heading_nor_level() -> None:
    found = columns(gallery_script(make_pair_table(3, answers=[None] * 3), [None] * 3))
    assert (found["heading"], found["sure"]) == ([-1] * 3, [-1] * 3)


def test_answers_that_hold_only_taken_together_are_marked() -> None:
    told = ("pair", "all_pairs", None)
    answers = [{"attribute": told_by and "red", "effect": 0.1, "told_by": told_by} for told_by in told]
    found = columns(gallery_script(make_pair_table(3, answers=answers), [None] * 3))
    assert found["together"] == [False, True, False]


def test_images_without_labels_have_an_empty_set() -> None:
    found = columns(gallery_script(make_pair_table(3, image_labels={}), [None] * 3))
    assert (found["labels"], found["labelSets"]) == ([], [[]])
    assert set(found["images"]["attributes"]) == {0}


def test_hostile_text_stays_a_text_and_the_script_is_ascii() -> None:
    hostile = ["</script><script>alert(1)</script>", "\u2028 ünï 図", "\"; alert(1); '", "\\"]
    pairs = make_pair_table(4, queries=hostile, groups=hostile, attributes=hostile)
    script = gallery_script(pairs, [None] * 4)
    assert script.isascii()
    found = columns(script)
    assert {found["images"]["id"][row] for row in found["query"]} == set(hostile)
    assert found["groups"] == sorted(hostile)


def test_equal_pairs_give_equal_bytes() -> None:
    assert gallery_script(make_pair_table(9), [1] * 9) == gallery_script(make_pair_table(9), [1] * 9)
    assert gallery_script(make_pair_table(9), [1] * 9) != gallery_script(make_pair_table(9), [2] * 9)
