"""The gallery's frame: what it says without scripts, and what it loads."""

import re

from pipeline.report.pair_gallery.page import render_gallery
from tests.pipeline.report.report_cases import make_evidence, make_pair_table

FACTS = make_evidence(n_pairs=0).facts


def test_without_scripts_the_first_hundred_pairs_are_listed() -> None:
    page = render_gallery(FACTS, make_pair_table(130)).decode()
    (plain,) = re.findall(r"<noscript>(.*?)</noscript>", page, re.DOTALL)
    assert "need JavaScript, which is off. These are the first 100 pairs." in plain
    assert re.findall(r'data-pair="([0-9a-f]{16})"', plain) == [f"{pair:016x}" for pair in range(100)]
    assert "no attribute explains this match" in plain


def test_it_loads_files_of_the_report_alone() -> None:
    page = render_gallery(FACTS, make_pair_table(3)).decode()
    assert re.findall(r'src="([^"]+)"', page) == ["data/gallery.js", "data/pages.js", "assets/gallery.js"]
    assert "://" not in page


def test_hostile_ids_are_text() -> None:
    page = render_gallery(FACTS, make_pair_table(2, queries=["<script>x</script>", "a' onload='b"])).decode()
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page


def test_every_control_has_a_label() -> None:
    page = render_gallery(FACTS, make_pair_table(3)).decode()
    named = set(re.findall(r'<label for="(\w+)"', page))
    assert named == set(re.findall(r'<(?:input|select)[^>]* id="(\w+)"', page))


def test_what_to_know_of_the_maps_stands_above_them() -> None:
    page = render_gallery(FACTS, make_pair_table(3), caution="RISE maps are <b> worth less").decode()
    assert "RISE maps are &lt;b&gt; worth less." in page
    assert page.index("worth less") < page.index("<main")
    assert "caution" not in render_gallery(FACTS, make_pair_table(3)).decode()
