"""The report's job body on a small store: it reads what is there and leaves out what is not."""

import base64
import io
import json
import re
import zipfile
from hashlib import sha256

import numpy as np
import pytest
from PIL import Image

from flows.engine.shard_task import Device, JobInputs, ShardTask
from flows.engine.upstream import Upstream
from flows.jobs.report import outfit_facts, run
from flows.readers.image_lookup import PixelLookup
from flows.readers.report_maps import gallery_pairs
from flows.readers.shown_images import ShownImages
from pipeline.report.evidence import OutfitFacts
from pipeline.report.map_words import bright_place
from stores.artifacts import ArtifactStore
from stores.parts import ArraysPart
from tests.flows.jobs.small_store import fill, table

QUERIES = [f"test_{number:05d}" for number in range(4)]
PAIRS = [(f"pair{number}", QUERIES[number % 4], QUERIES[(number + 1) % 4]) for number in range(8)]
MAPS = "saliency_maps.test.rise.fixed"
SETTINGS = {
    "dataset": "planted",
    "similarity_model": "small_residual",
    "seed": 0,
    "generator_modes": [["rise", "fixed"], ["centre", "fixed"]],
    "attribute_models": ["sane"],
    "variants": ["sane+match"],
    "bootstrap_samples": 100,
    "shared_unit": "query",
}


def image_rows(names):
    sizes = {"width_px": 8, "height_px": 8, "sha256": "0", "pixels_sha256": "0"}
    return [
        {"image_id": name, "path": name, "split": "test", "label": "bag", "attributes": ["dots"], **sizes}
        for name in names
    ]


def image_shard(names):
    pixels = np.random.default_rng(int(names[0][-5:])).integers(0, 256, (len(names), 8, 8, 3)).astype(np.uint8)
    return {
        "pixels": ArraysPart({"pixels": pixels}, {"pixels": ("image", "y", "x", "rgb")}),
        "images": table("images", image_rows(names)),
    }


def map_shard(pairs):
    rows = [
        {"pair_id": pair, "query": query, "reference": reference, "row": number, "map_sha256": "0"}
        for number, (pair, query, reference) in enumerate(pairs)
    ]
    maps = np.random.default_rng(1).normal(size=(len(pairs) // 2, 2, 8, 8)).astype(np.float16)
    axes = {"maps": ("query", "reference_slot", "y", "x")}
    return {"maps": ArraysPart({"maps": maps}, axes), "map_rows": table("map_rows", rows)}


def essential_stages():
    pairs = [
        {"pair_id": pair, "split": "test", "query": query, "reference": reference, "is_match": True}
        for pair, query, reference in PAIRS
    ]
    return {
        "images": {"test/000": image_shard(QUERIES[:2]), "test/001": image_shard(QUERIES[2:])},
        "pairs.test": {"all": {"pairs": table("pairs", pairs)}},
    }


def further_stages():
    explanations = [
        {
            "pair_id": pair,
            "split": "test",
            "variant": "sane+match",
            "rank": 1,
            "attribute": f"named for {pair}",
            "score": 0.4,
        }
        for pair, _, _ in PAIRS
    ]
    curve = {"insertion_curve": [0.1, 0.5, 0.9], "deletion_curve": [0.9, 0.5, 0.1], "is_constant": False}
    areas = {name: 0.5 for name in ("insertion_auc", "deletion_auc", "insertion_auc_anchored", "deletion_auc_anchored")}
    flat = {"insertion_is_flat": False, "deletion_is_flat": False}
    faithfulness = [
        {"pair_id": pair, "generator": "rise", "mode": "fixed", **areas, **curve, **flat} for pair, _, _ in PAIRS
    ]
    area = {"table_name": "saliency_faithfulness", "generator": "rise", "mode": "fixed", "value": 0.71234, "n": 8}
    scores = [{"pair_id": pair, "similarity": 0.875} for pair, _, _ in PAIRS]
    return {
        MAPS: {"a": map_shard(PAIRS[:4]), "b": map_shard(PAIRS[4:])},
        "similarities.test": {"all": {"similarities": table("similarities", scores)}},
        "explanations": {"all": {"explanations": table("explanations", explanations)}},
        "faithfulness.rise.fixed": {"all": {"faithfulness": table("faithfulness", faithfulness)}},
        "metrics": {"all": {"metrics": table("metrics", [{**area, "metric": "insertion_auc"}])}},
        # A model from a file has no history.
        "similarity_model": {"all": {"training_history": table("training_history", [])}},
    }


def outfit_stages():
    """What a dataset of outfits and a user's model with masks add; the second pairs' condition has no mask."""
    pairs = [
        {
            "pair_id": pair,
            "split": "test",
            "query": query,
            "reference": reference,
            "is_match": True,
            "condition": "bags|tops" if number % 4 else "bags|shoes",
        }
        for number, (pair, query, reference) in enumerate(PAIRS)
    ]
    outfits = [
        {"outfit_id": "a", "split": "train", "items": ["train_0", QUERIES[1], "train_1"]},
        {"outfit_id": "b", "split": "train", "items": [QUERIES[1], "not readable", QUERIES[3]]},
    ]
    checks = [{"measure": "embedding_dim", "value": 1031.0}]
    model = {
        "training_history": table("training_history", []),
        "conditions": table("conditions", [{"position": 0, "condition": "bags|shoes"}]),
        "model_checks": table("model_checks", checks),
    }
    return {
        "pairs.test": {"all": {"pairs": table("pairs", pairs)}},
        "outfits.train": {"all": {"outfits": table("outfits", outfits)}},
        "similarity_model": {"all": model},
    }


def make_page(root, stages, files=None, links=(), **settings):
    store = ArtifactStore(str(root))
    manifests = {stage: fill(store, stage, shards) for stage, shards in stages.items()}
    settings = {**SETTINGS, **settings}
    paths, work = {"dataset_root": None if files is None else str(files)}, {"links": list(links)}
    task = ShardTask(str(root), "report", "report", "0" * 64, "all", settings, paths, work, {}, Device("cpu", 1, 1))
    result = run(JobInputs(task, Upstream(store, manifests)))
    return ReportPart(result.parts["report"])


class ReportPart:
    """The part as it is kept: its file name, its bytes, and the evidence in them."""

    def __init__(self, part):
        self.file_name, self.packed = part.file_name, part.data
        with zipfile.ZipFile(io.BytesIO(part.data)) as archive:
            self.files = {name: archive.read(name) for name in archive.namelist()}
        self.data = self.files["evidence.html"]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return make_page(tmp_path_factory.mktemp("store"), {**essential_stages(), **further_stages()})


def test_all_that_was_made_is_on_the_page(page):
    assert page.file_name == "report.zip"
    text = page.data.decode()
    assert text.count('<article class="card">') == 8
    assert all(text.count(f"named for {pair}<") == 1 for pair, _, _ in PAIRS)
    assert text.count("saliency map over the query") == 8
    assert "71.2" in text
    assert "0.875" in text
    for anchor in ("pairs", "saliency", "cost"):
        assert f'<section id="{anchor}">' in text
    for anchor in ("audit", "attributes", "weights", "training"):
        assert f'<section id="{anchor}">' not in text


def test_another_store_with_the_same_content_gives_the_same_bytes(page, tmp_path):
    assert make_page(tmp_path, {**essential_stages(), **further_stages()}).packed == page.packed


def gallery_columns(page):
    return json.loads(page.files["data/gallery.js"].removeprefix(b"window.galleryData = ").removesuffix(b";\n"))


def test_the_gallery_has_every_pair_with_its_pictures(page):
    found = gallery_columns(page)
    assert found["id"] == [pair for pair, _, _ in PAIRS]
    assert [found["images"]["id"][row] for row in found["query"]] == [query for _, query, _ in PAIRS]
    assert found["similarity"] == [0.875] * 8
    assert found["insertion"] == [0.5] * 8
    assert found["attribute"] == [-1] * 8
    pictures = {path for path in page.files if path.startswith("thumbnails/")}
    assert pictures == {f"thumbnails/query-{pair}.jpg" for pair, _, _ in PAIRS} | {
        f"thumbnails/image-{name}.jpg" for name in found["images"]["name"]
    }
    maps_nyx = np.random.default_rng(1).normal(size=(2, 2, 8, 8)).astype(np.float16).reshape(4, 8, 8)
    assert found["bright"] == [bright_place(maps_nyx[pair % 4]) for pair in range(8)]


def test_answers_truth_and_neighbours_are_in_the_gallery(tmp_path):
    answers = [answer_row(pair, "dots" if number % 2 else None) for number, (pair, _, _) in enumerate(PAIRS)]
    # The truth of the fourth and the sixth is not known.
    outcomes = [outcome_row(pair, number) for number, (pair, _, _) in enumerate(PAIRS) if number not in (3, 5)]
    vectors = np.eye(4, dtype=np.float32)
    embeddings = {
        "embeddings": ArraysPart({"embeddings": vectors}, {"embeddings": ("image", "dimension")}),
    }
    choice = {"variant": "sane+match", "matched_effect": 0.1, "n": 9, "n_clusters": 4}
    choice |= {"top1_accuracy": 1.0, "undefined": 0, "is_chosen": True}
    stages = {
        **essential_stages(),
        **further_stages(),
        "answers": {"all": {"answers": table("answers", answers), "answer_choice": table("answer_choice", [choice])}},
        "audit": {"all": {"audit_outcomes": table("audit_outcomes", outcomes)}},
        "embeddings": {"test/000": embeddings},
        "replacements.test": {"all": {"replacements": table("replacements", replacement_rows())}},
    }
    found = gallery_columns(make_page(tmp_path, stages))
    assert [found["attributes"][row] if row >= 0 else None for row in found["attribute"]] == [None, "dots"] * 4
    # Of audited pairs with an answer alone; the largest true effect less that of the answer.
    assert found["regret"] == [None, 0.2, None, None, None, None, None, 0.2]
    assert found["right"] == [None, True, None, None, None, None, None, False]
    # The same query and reference come again four pairs later.
    assert [near[0] for near in found["nearest"]] == [4, 5, 6, 7, 0, 1, 2, 3]
    # Of the attribute that answers alone; where the truth is known it decides.
    assert found["replaced"] == [None, 0.1, None, -0.2, None, 0.1, None, None]
    levels = [found["levels"][row] for row in found["sure"]]
    assert [levels[row] for row in (1, 3, 5, 7)] == ["sure", "contradicted", "sure", "contradicted"]
    assert [found["measured"][row] for row in (1, 3, 5, 7)] == [True, False, False, True]
    assert found["headings"][found["heading"][5]] == "dots explains this match"
    assert (found["labels"], found["labelSets"]) == (["dots"], [[0]])


def answer_row(pair, attribute):
    known = {"effect": 0.1, "effect_low": 0.05, "effect_high": 0.2} if attribute else {}
    shared = {"split": "test", "variant": "sane+match", "presence": "labels", "candidates": 3}
    reason = None if attribute else "no_effect"
    return {"pair_id": pair, "attribute": attribute, "leading_attribute": "dots", "reason": reason, **shared, **known}


def replacement_rows():
    """Matched and plain effects of two attributes; none of the last pair."""
    shared = {"split": "test"}
    others = [
        {"pair_id": pair, "attribute": "plain", "kind": "matched", "effect": 0.7, **shared} for pair, _, _ in PAIRS
    ]
    effects = [-0.1, -0.1, -0.1, 0.2, 0.2, -0.1, -0.1]
    return others + [
        {"pair_id": pair, "attribute": "dots", "kind": kind, "effect": effect - 0.1 * (kind == "deletion"), **shared}
        for (pair, _, _), effect in zip(PAIRS, effects, strict=False)
        for kind in ("deletion", "matched")
    ]


def outcome_row(pair, number):
    return {
        "pair_id": pair,
        "query": QUERIES[number % 4],
        "variant": "answer",
        "attribute": "dots" if number % 2 else None,
        "effect": 0.1,
        "best_effect": 0.3,
        "eligible": True,
        "hit": number < 6,
    }


def test_a_fill_is_named_on_the_page_beside_the_maps(page, tmp_path):
    stages = {**essential_stages(), **further_stages()}
    filled = make_page(tmp_path / "filled", stages, fill=[255, 250, 7]).data.decode()
    assert filled.count("become the colour 255, 250, 7") == 1
    assert "pixels that a generator removes" not in page.data.decode()
    without_maps = make_page(tmp_path / "without", essential_stages(), fill="blur").data.decode()
    assert '<section id="saliency">' not in without_maps


def test_outfits_conditions_and_checks_are_on_the_page(page, tmp_path):
    text = make_page(tmp_path, {**essential_stages(), **further_stages(), **outfit_stages()}).data.decode()
    assert '<section id="model">' in text
    assert "<b>2 of 4</b><small>are also in a training outfit" in text
    assert "<b>6 of 8</b><small>their condition has none" in text
    assert (text.count("types bags|shoes ·"), text.count("types bags|tops, no mask ·")) == (2, 6)
    assert "1,031" in text
    plain = page.data.decode()
    assert '<section id="model">' not in plain
    assert "types " not in plain


def test_a_pair_is_seen_before_if_either_image_is_in_a_training_outfit(tmp_path):
    one = [{"outfit_id": "a", "split": "train", "items": ["train_0", QUERIES[1]]}]
    stages = {**essential_stages(), **outfit_stages(), "outfits.train": {"all": {"outfits": table("outfits", one)}}}
    store = ArtifactStore(str(tmp_path))
    upstream = Upstream(store, {stage: fill(store, stage, shards) for stage, shards in stages.items()})
    # As query and as reference of two pairs each, of eight.
    assert outfit_facts(upstream, None) == OutfitFacts(1, None, 4)


def test_outfits_without_masks_name_conditions_alone(tmp_path):
    stages = {**essential_stages(), **further_stages(), **outfit_stages()}
    stages["similarity_model"] = further_stages()["similarity_model"]
    text = make_page(tmp_path, stages).data.decode()
    assert "<b>2 of 4</b><small>are also in a training outfit" in text
    assert (text.count("types bags|shoes ·"), text.count("types bags|tops ·")) == (2, 6)
    assert "no mask" not in text
    assert "without a mask" not in text


def test_images_and_pairs_are_enough(tmp_path):
    text = make_page(tmp_path, essential_stages()).data.decode()
    assert text.count('<article class="card">') == 8
    assert text.count("no map") == 8
    assert '<section id="saliency">' not in text


CENTRE_MAPS = "saliency_maps.test.centre.fixed"


def test_the_gallery_shows_pairs_that_every_generator_has_maps_of(tmp_path):
    # The blob's maps are of the last pairs only, in the middle of a shard cut otherwise.
    stages = {**essential_stages(), **further_stages(), CENTRE_MAPS: {"all": map_shard(PAIRS[4:])}}
    store = ArtifactStore(str(tmp_path))
    upstream = Upstream(store, {stage: fill(store, stage, shards) for stage, shards in stages.items()})
    images = PixelLookup(upstream, upstream.shard_of_rows("images", "images", "image_id", "test"))
    generators = [("rise", "fixed"), ("mask", "fixed"), ("centre", "fixed")]
    labels = dict.fromkeys(QUERIES, "bag")
    pairs = gallery_pairs(upstream, generators, labels, {"pair5": 0.25}, ShownImages(images, []), 0)
    assert len(pairs) == 3
    expected = {
        pair: (images.of(query), images.of(reference), number) for number, (pair, query, reference) in enumerate(PAIRS)
    }
    maps_nyx = np.random.default_rng(1).normal(size=(2, 2, 8, 8)).astype(np.float16).reshape(4, 8, 8)
    for pair in pairs:
        (found,) = (
            (name, number)
            for name, (query, reference, number) in expected.items()
            if number >= 4
            and np.array_equal(query, pair.query_image.pixels_hwc)
            and np.array_equal(reference, pair.reference_image.pixels_hwc)
        )
        assert pair.similarity == (0.25 if found[0] == "pair5" else None)
        # Not run, so not shown.
        assert set(pair.maps) == {("rise", "fixed"), ("centre", "fixed")}
        for shown in pair.maps.values():
            np.testing.assert_array_equal(shown, maps_nyx[found[1] - 4].astype(np.float32))
    text = make_page(tmp_path / "page", stages).data.decode()
    (gallery,) = re.findall(r'<table class="gallery">.*?</table>', text, re.DOTALL)
    assert gallery.count("<img") == 3 * 4


def test_one_generator_needs_no_gallery(page):
    assert '<table class="gallery">' not in page.data.decode()


SIDES = {"fit": "crop", "image_size_px": 8, "canvas": [255, 255, 255], "effective_resolution_px": None}
PHOTOGRAPHS = {**SIDES, "bit_depth": None, "dataset": "folder"}


def photograph_files(folder):
    """Portraits of 30 x 60 px, red above and blue below, the first one stored sideways; return their rows."""
    rows = []
    folder.mkdir(exist_ok=True)
    for number, row in enumerate(image_rows(QUERIES)):
        pixels = np.zeros((60, 30, 3), np.uint8)
        pixels[:30, :, 0] = pixels[30:, :, 2] = 250 - number
        exif = Image.Exif()
        if number == 0:
            exif[274], pixels = 6, np.rot90(pixels).copy()
        path = folder / f"{number}.png"
        Image.fromarray(pixels).save(path, exif=exif)
        digest = sha256(path.read_bytes()).hexdigest()
        rows.append({**row, "path": path.name, "sha256": digest, "width_px": 30, "height_px": 60})
    return rows


def photograph_stages(folder):
    rows = photograph_files(folder)
    stages = {**essential_stages(), **further_stages()}
    shards = (image_shard(QUERIES[:2]), image_shard(QUERIES[2:]))
    for shard, kept in zip(shards, (rows[:2], rows[2:]), strict=True):
        shard["images"] = table("images", kept)
    stages["images"] = dict(zip(("test/000", "test/001"), shards, strict=True))
    return stages


def card_pictures(page):
    found = re.findall(r'<div class="trio">(.*?)</div>', page, re.DOTALL)
    uris = [re.findall(r'base64,([^"]+)"', card) for card in found]
    return [[np.asarray(Image.open(io.BytesIO(base64.b64decode(uri)))) for uri in card] for card in uris]


def test_photographs_are_shown_whole(tmp_path):
    text = make_page(tmp_path / "store", photograph_stages(tmp_path / "files"), tmp_path / "files", **PHOTOGRAPHS)
    text = text.data.decode()
    pictures = card_pictures(text)
    assert [len(card) for card in pictures] == [3] * 8
    assert {picture.shape for card in pictures for picture in card} == {(224, 112, 3)}
    for query, _, overlay in pictures:
        # The centred square is seen, red above blue; above and below it all is faded.
        assert query[100, 56].argmax() == 0
        assert query[124, 56].argmax() == 2
        assert query[60:104].min(axis=2).mean() < 20
        assert query[:50].min(axis=2).mean() > 90
        np.testing.assert_allclose(overlay[:48].mean(axis=(0, 1)), query[:48].mean(axis=(0, 1)), atol=3)
    assert "(dataset.fit = “crop”). 4 of 4 test images (100 %) lose more than a tenth of their area." in text
    assert "could not be read" not in text
    assert "the model’s view<" not in text


def test_padded_photographs_are_shown_whole_and_plain(tmp_path):
    settings = {**PHOTOGRAPHS, "fit": "pad"}
    text = make_page(tmp_path / "store", photograph_stages(tmp_path / "files"), tmp_path / "files", **settings)
    text = text.data.decode()
    for query, reference, _ in card_pictures(text):
        assert max(query.min(axis=2).mean(), reference.min(axis=2).mean()) < 20
    assert "(dataset.fit = “pad”). 4 of 4 test images (100 %) have borders" in text


def gone(path):
    path.unlink()


def changed(path):
    path.write_bytes(path.read_bytes() + b" ")


def linked_away(path):
    path.rename(path.parent.parent / path.name)
    path.symlink_to(path.parent.parent / path.name)


def a_folder(path):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("damage", [gone, changed, linked_away, a_folder])
def test_the_models_view_stands_in_for_a_file_that_is_not_the_recorded_one(tmp_path, damage):
    files = tmp_path / "files"
    stages = photograph_stages(files)
    damage(files / "1.png")
    text = make_page(tmp_path / "store", stages, files, **PHOTOGRAPHS).data.decode()
    shapes = [tuple(picture.shape[:2] for picture in card) for card in card_pictures(text)]
    portrait, view = (224, 112), (224, 224)
    of_query = sum(query == QUERIES[1] for _, query, _ in PAIRS)
    assert shapes.count((view, portrait, view)) == of_query == 2
    assert shapes.count((portrait, view, portrait)) == 2
    assert shapes.count((portrait,) * 3) == 4
    assert "1 of the 4 photographs shown here could not be read" in text
    assert text.count("query, the model’s view<") == text.count("reference, the model’s view<") == 2
    if damage is linked_away:
        allowed = make_page(tmp_path / "other", stages, files, [str(tmp_path)], **PHOTOGRAPHS).data.decode()
        assert "could not be read" not in allowed
