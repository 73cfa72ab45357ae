"""One pair explained at once: the same as what a run stores of it, for ids and for files."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from flows.explain import ExplainOptions, Explanation, explain
from flows.readers.pair_frame import read_pair_frame, read_pair_values
from flows.readers.saliency_maps import read_maps
from pipeline.datasets.image_decoding import decode_image
from tests.flows.run_cases import FinishedRun, upstream_of_run

BOTH_SIDES = ("saliency.correspondence.enabled=true", "saliency.correspondence.cells=8")
PAIRS = 3
# Of what is ranked by maps, by a network, by the embedding with and without labels, and by nothing of the pair.
ANSWERS = ("embedding_effect", "embedding_effect+presence", "sane+match+count", "predicted_in_both", "best_constant")


@pytest.fixture(scope="module")
def run(finished_run: FinishedRun, tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    copy = finished_run.copy_to(tmp_path_factory.mktemp("explained") / "copy")
    copy.run(*BOTH_SIDES, until="match_components.test")
    return copy


@pytest.fixture(scope="module")
def pairs(run: FinishedRun) -> list[dict[str, str]]:
    return run.query(f"select pair_id, query, reference from pairs where split = 'test' order by pair_id limit {PAIRS}")


def explained(run: FinishedRun, pair: dict[str, str], *overrides: str, **options: object) -> Explanation:
    chosen = ExplainOptions(overrides=(*BOTH_SIDES, *overrides), **options)  # type: ignore[arg-type]
    return explain(run.config, pair["query"], pair["reference"], chosen)


def same_row(found: dict[str, object], wanted: dict[str, object]) -> None:
    for name, value in found.items():
        assert value == pytest.approx(wanted[name], abs=1e-6) if isinstance(value, float) else value == wanted[name]


@pytest.mark.parametrize("variant", ANSWERS)
def test_the_answer_is_the_one_that_the_run_gives(run: FinishedRun, pairs: list[dict[str, str]], variant: str) -> None:
    chosen = f'explanation.answer="{variant}"'
    run.run(chosen, *BOTH_SIDES, until="answers")
    rows = {row["pair_id"]: row for row in run.query("select * from answers", chosen, *BOTH_SIDES)}
    for pair in pairs[:2]:
        found = explained(run, pair, chosen)
        same_row(dict(found.answer), rows[pair["pair_id"]])
        assert found.answer["variant"] == variant
        assert found.notes == ()
        assert found.attributes[0].attribute == found.answer["leading_attribute"]


def test_how_sure_follows_the_test_with_other_images_that_the_run_has_made(
    run: FinishedRun, pairs: list[dict[str, str]]
) -> None:
    for pair in pairs:
        found = explained(run, pair)
        sql = (
            "select kind, effect from replacements where kind in ('deletion', 'matched') and pair_id = "
            f"'{pair['pair_id']}' and attribute = '{found.answer['leading_attribute']}'"
        )
        effects = {row["kind"]: row["effect"] for row in run.query(sql, *BOTH_SIDES)}
        assert found.replaced is not None
        assert (found.replaced.effect, found.replaced.matched_effect) == (effects["deletion"], effects["matched"])
        said = found.how_sure()
        assert found.text().splitlines()[:2] == [f"{said.heading}.", said.line]
        if found.answer["attribute"] is not None and effects["matched"] is not None:
            assert (said.level == "contradicted") == (effects["matched"] >= 0)
    (other,) = run.query("select query, reference from pairs where split = 'valid' order by pair_id limit 1")
    assert explained(run, other).replaced is None


def test_effects_similarity_and_maps_are_those_that_the_run_stored(
    run: FinishedRun, pairs: list[dict[str, str]]
) -> None:
    upstream = upstream_of_run(run, *BOTH_SIDES)
    frame = read_pair_frame(upstream, "test")
    effects_pa = read_pair_values(upstream, "embedding_effects.test", "embedding_effects", "effect", frame)
    similarity = {row["pair_id"]: row["similarity"] for row in run.query("select * from similarities")}
    maps = read_maps(upstream, "rise", "fixed", [pair["pair_id"] for pair in pairs])
    for pair in pairs:
        found = explained(run, pair)
        assert found.similarity == pytest.approx(similarity[pair["pair_id"]], abs=1e-6)
        wanted_a = effects_pa[frame.pair_ids.index(pair["pair_id"])]
        np.testing.assert_allclose(found.arrays["attribute_effects"], wanted_a, atol=1e-6)
        stored = maps[pair["pair_id"]]
        # Stored in half precision.
        np.testing.assert_allclose(found.query_map, stored, atol=2e-3 * np.abs(stored).max())


def test_parts_are_those_that_the_run_stored(run: FinishedRun, pairs: list[dict[str, str]]) -> None:
    rows = run.query("select * from match_components order by pair_id, component", *BOTH_SIDES)
    for pair in pairs:
        stored = [row for row in rows if row["pair_id"] == pair["pair_id"]]
        found = explained(run, pair).parts
        assert [part.share for part in found] == pytest.approx([row["share"] for row in stored], abs=0.02)
        assert [part.p_value for part in found] == pytest.approx([row["p_value"] for row in stored], abs=0.05)
        assert all(part.query_hw.shape == (8, 8) for part in found)


def test_another_image_changes_the_explanation(run: FinishedRun, pairs: list[dict[str, str]]) -> None:
    # The comparisons above can fail.
    first, other = (explained(run, pair) for pair in (pairs[0], pairs[-1]))
    assert first.similarity != pytest.approx(other.similarity, abs=1e-6)
    assert np.abs(first.query_map - other.query_map).max() > 2e-3 * np.abs(first.query_map).max()


def test_the_other_direction_is_the_pair_the_other_way_round(run: FinishedRun, pairs: list[dict[str, str]]) -> None:
    pair = pairs[0]
    both = explained(run, pair, both_directions=True)
    alone = explained(run, {"query": pair["reference"], "reference": pair["query"]})
    assert both.reverse is not None
    assert alone.reverse is None
    same_row(dict(both.reverse.answer), dict(alone.answer))
    np.testing.assert_allclose(both.reverse.query_map, alone.query_map, atol=1e-6)
    np.testing.assert_array_equal(both.reverse.query_map, both.reference_map)
    np.testing.assert_allclose(both.arrays["joint_effects"], both.reverse.arrays["joint_effects"].T, atol=1e-12)


def test_fewer_refits_move_the_interval_alone(run: FinishedRun, pairs: list[dict[str, str]]) -> None:
    told: list[tuple[str, int, int]] = []
    few = explained(run, pairs[0], refits=20, progress=lambda *step: told.append(step))
    many = explained(run, pairs[0])
    assert few.answer["effect"] == many.answer["effect"]
    assert few.answer["effect_low"] != many.answer["effect_low"]
    assert told[-1][1:] == (40, 40)


def test_any_generator_makes_the_map_of_the_query(run: FinishedRun, pairs: list[dict[str, str]]) -> None:
    pair = pairs[0]
    upstream = upstream_of_run(run, *BOTH_SIDES)
    stored = read_maps(upstream, "centre", "fixed", [pair["pair_id"]])[pair["pair_id"]]
    found = explained(run, pair, generator="centre")
    np.testing.assert_allclose(found.query_map, stored, atol=2e-3 * np.abs(stored).max())
    assert (found.generator, found.mode) == ("centre", "fixed")
    other = explained(run, pair, generator="similarity_attention")
    assert np.isfinite(other.query_map).all()
    np.testing.assert_array_equal(found.reference_map, other.reference_map)
    np.testing.assert_array_equal(found.answer["effect"], other.answer["effect"])


def test_an_image_file_is_as_good_as_an_id_but_for_its_labels(
    run: FinishedRun, pairs: list[dict[str, str]], tmp_path: Path
) -> None:
    pair = pairs[0]
    by_id = explained(run, pair)
    files = []
    for image in (by_id.query, by_id.reference):
        files.append(tmp_path / f"{image.name}.png")
        Image.fromarray(image.shown.pixels_hwc).save(files[-1])
    by_file = explained(run, {"query": str(files[0]), "reference": str(files[1])})
    assert by_file.similarity == pytest.approx(by_id.similarity, abs=1e-5)
    np.testing.assert_allclose(by_file.query_map, by_id.query_map, atol=1e-5)
    assert (by_file.query.split, by_file.query.labels, by_file.query.type) == (None, (), "")
    assert by_id.query.labels
    assert by_file.answer["presence"] == "predicted"
    assert len(by_file.attributes) > len(by_id.attributes)


def test_a_file_of_any_size_is_prepared_as_the_datasets_are(
    run: FinishedRun, pairs: list[dict[str, str]], tmp_path: Path
) -> None:
    size = run.settings().dataset.image_size_px
    pixels_hwc = np.random.default_rng(0).integers(0, 256, (90, 150, 3), dtype=np.uint8)
    wide, square = tmp_path / "wide.png", tmp_path / "square.png"
    Image.fromarray(pixels_hwc).save(wide)
    Image.fromarray(decode_image(wide.read_bytes(), "wide", size, (127, 127, 127))[0]).save(square)
    found, wanted = (
        explained(run, {"query": str(path), "reference": pairs[0]["reference"]}) for path in (wide, square)
    )
    assert found.similarity == pytest.approx(wanted.similarity, abs=1e-6)
    np.testing.assert_allclose(found.query_map, wanted.query_map, atol=1e-6)
    # People see the whole file.
    assert found.query.shown.size_px[0] > found.query.shown.size_px[1]


def test_a_notebook_shows_names_as_text(run: FinishedRun, pairs: list[dict[str, str]], tmp_path: Path) -> None:
    hostile = tmp_path / "<script>alert(1)<b>.png"
    Image.fromarray(np.full((20, 20, 3), 90, np.uint8)).save(hostile)
    found = explained(run, {"query": str(hostile), "reference": pairs[0]["reference"]})
    shown = found._repr_html_()
    assert "<script" not in shown
    assert "&lt;script&gt;" in shown
    assert found.save(tmp_path / "saved")
