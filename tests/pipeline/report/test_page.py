"""The page as a whole: complete, self-contained, safe, the same every time."""

import base64
import dataclasses
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from pipeline.report.evidence import ReportEvidence
from pipeline.report.page import render_evidence
from tests.pipeline.report.report_cases import make_evidence, make_stage

HOSTILE = ('<script>alert("x")</script>', "a & b", "$\\frac{1}{0}$", "' onload='x", "ünï{{ 7*7 }}", "</style><b>")
VOID = {"meta", "img", "br", "source", "link"}
SITE = ["#content", "index.html", "gallery.html", "evidence.html"]
FOOTER = "evidence.html#provenance"


class Reader(HTMLParser):
    """Collects elements and insists that every one is closed where it should be."""

    def __init__(self):
        super().__init__()
        self.open, self.elements, self.texts = [], [], []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    def count(self, tag, name=None, value=None):
        return sum(1 for found, attrs in self.elements if found == tag and (name is None or attrs.get(name) == value))


def read(page):
    reader = Reader()
    reader.feed(page.decode("utf-8"))
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def planted():
    return render_evidence(make_evidence("planted"))


def test_all_cards_and_sections_are_there(planted):
    reader = read(planted)
    assert reader.count("article", "class", "card") == 24
    links = [attrs["href"] for tag, attrs in reader.elements if tag == "a"]
    anchors = [f"#{attrs['id']}" for tag, attrs in reader.elements if tag == "section"]
    assert links[:4] == SITE
    order = ("pairs", "methods", "audit", "saliency", "attributes", "weights", "training", "cost", "provenance")
    assert links[4:-1] == anchors == [f"#{name}" for name in order]
    assert links[-1] == FOOTER
    # Query, reference and map of each card, and the figures: curves, weights, two of training.
    # In the gallery six pairs: query, reference and the maps of three generators.
    assert reader.count("img") == 24 * 3 + 4 + 6 * 5
    assert all(attrs["alt"] for tag, attrs in reader.elements if tag == "img")


SCRIPT = ("script", {"src": "assets/evidence.js", "defer": None})


def test_nothing_is_fetched_and_nothing_runs_but_the_folds(planted):
    reader = read(planted)
    assert not {tag for tag, _ in reader.elements} & {"iframe", "object", "embed", "base"}
    assert [found for found in reader.elements if found[0] == "script"] == [SCRIPT]
    styles = [attrs for tag, attrs in reader.elements if tag == "link"]
    assert styles == [{"rel": "stylesheet", "href": "assets/report.css"}]
    for tag, attrs in reader.elements:
        given = [attrs.get(name, "data:") for name in ("src", "srcset", "href")]
        assert tag in ("link", "script") or all(
            value.startswith(("data:", "#")) or value in (*SITE, FOOTER) for value in given
        )
    assert b"url(" not in planted
    assert b"://" not in re.sub(rb"data:image/[a-z]+;base64,[A-Za-z0-9+/=]+", b"", planted)
    assert len(planted) < 6_000_000


def test_equal_evidence_gives_equal_bytes(planted):
    assert render_evidence(make_evidence("planted")) == planted
    pictures = re.findall(rb"data:image/png;base64,([A-Za-z0-9+/=]+)", planted)
    assert pictures
    assert not any(b"matplotlib" in base64.b64decode(picture).lower() for picture in pictures)


def test_hostile_names_are_text():
    evidence = make_evidence("planted", n_pairs=2, attributes=HOSTILE)
    pairs = [
        dataclasses.replace(
            pair,
            query=HOSTILE[0],
            reference=HOSTILE[5],
            query_label=HOSTILE[3],
            reference_label=HOSTILE[1],
            condition=HOSTILE[0],
        )
        for pair in evidence.pairs
    ]
    facts = dataclasses.replace(evidence.facts, similarity_model=HOSTILE[5])
    histories = {HOSTILE[2]: evidence.attribute_histories["sane"]}
    hostile = dataclasses.replace(
        evidence,
        facts=facts,
        pairs=pairs,
        attribute_histories=histories,
        curves=[dataclasses.replace(evidence.curves[0], generator=HOSTILE[2])],
        stages=[make_stage(HOSTILE[0], 1, 1, 1.0)],
    )
    reader = read(render_evidence(hostile))
    assert [found for found in reader.elements if found[0] == "script"] == [SCRIPT]
    assert not any("onload" in attrs for _, attrs in reader.elements)
    text = "\n".join(reader.texts)
    assert all(name in text for name in HOSTILE)


def test_the_papers_are_named_only_beside_their_dataset(planted):
    evidence = make_evidence("awa2", n_pairs=1)
    awa2 = render_evidence(dataclasses.replace(evidence, curves=[], weight_grid=[], attribute_histories={})).decode()
    assert "Their photographs, weights and sizes differ" in awa2
    assert "Audit against true causes" not in awa2
    assert "Their photographs, weights and sizes differ" not in planted.decode()
    assert "no counterpart" in planted.decode()


def page_with_conditions(*conditions):
    """The text of a report whose cards have these (condition, has_mask)."""
    evidence = make_evidence("polyvore_outfits", n_pairs=len(conditions))
    pairs = [
        dataclasses.replace(pair, condition=condition, has_mask=has_mask)
        for pair, (condition, has_mask) in zip(evidence.pairs, conditions, strict=True)
    ]
    page = render_evidence(
        dataclasses.replace(evidence, pairs=pairs, curves=[], weight_grid=[], attribute_histories={})
    )
    return "".join(read(page).texts)


def test_cards_name_the_condition_of_their_pair():
    masked = page_with_conditions(("bags|shoes", True), ("bags|tops", False))
    assert masked.count("types bags|shoes · similarity 0.876") == 1
    assert masked.count("types bags|tops, no mask · similarity 0.876") == 1
    assert "scores each pair under its condition" in masked
    plain = page_with_conditions(("bags|shoes", None))
    assert plain.count("types bags|shoes · similarity 0.876") == 1
    assert "one score for all conditions" in plain
    assert "no mask" not in plain


def test_a_page_without_conditions_says_nothing_of_them(planted):
    text = "".join(read(planted).texts)
    assert "condition" not in text
    assert "types" not in text


def test_a_run_with_nothing_measured_still_has_a_report():
    evidence = ReportEvidence(facts=make_evidence(n_pairs=0).facts)
    reader = read(render_evidence(evidence))
    assert reader.count("section") == 0
    assert reader.count("h1") == 1


def test_maps_of_one_generator_are_enough():
    evidence = make_evidence("planted", n_pairs=1)
    partial = dataclasses.replace(
        evidence,
        generators=(("rise", "fixed"),),
        curves=evidence.curves[:1],
        similarity_history=[],
        attribute_histories={"sane": []},
        prior=[],
        weight_grid=[],
    )
    anchors = [attrs["id"] for tag, attrs in read(render_evidence(partial)).elements if tag == "section"]
    assert anchors == ["pairs", "methods", "audit", "saliency", "attributes", "cost", "provenance"]


def test_the_report_needs_no_torch():
    code = "import sys, pipeline.report.page; sys.exit(any(name in sys.modules for name in ('torch', 'pyarrow')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
