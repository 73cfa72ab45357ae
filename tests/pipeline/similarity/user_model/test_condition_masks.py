"""Every way in which the masks of a user's model may be unfit is told by its own message; fit ones are kept."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from pipeline.errors import BadModel
from pipeline.similarity.conditions import conditioned_cosines, project
from pipeline.similarity.user_model.condition_masks import MaskFindings, check_condition_masks

KNOWN = ("bags|shoes", "bags|tops", "tops|tops")
RNG = np.random.default_rng(3)
EMBEDDINGS = RNG.normal(size=(5, 4)).astype(np.float32)
EMBEDDINGS /= np.linalg.norm(EMBEDDINGS, axis=1, keepdims=True)
MASK = np.array([1.0, 0.0, 0.5, 2.0])


class Asked:
    """A model that answers with whatever a function returns."""

    def __init__(self, answer: Callable[[], object]) -> None:
        self.condition_masks = answer


def check(answer: object, embeddings_nd: np.ndarray = EMBEDDINGS) -> MaskFindings:
    return check_condition_masks(Asked(lambda: answer), embeddings_nd, KNOWN)


def refused(answer: object) -> BadModel:
    with pytest.raises(BadModel) as error:
        check(answer)
    return error.value


def test_fit_masks_are_kept_in_alphabetical_order_and_counted() -> None:
    found = check({"tops|tops": MASK * 2, "shoes|bags": torch.tensor(MASK), "hats|socks": MASK})
    assert found.masks.names == ("bags|shoes", "hats|socks", "tops|tops")
    assert found.masks.masks_cd.dtype == np.float32
    np.testing.assert_array_equal(found.masks.masks_cd, np.stack([MASK, MASK, MASK * 2]).astype(np.float32))
    assert (found.without_mask, found.of_no_condition) == (1, ("hats|socks",))
    # The least of all lengths that project() will divide by, the doubled mask's among them.
    assert found.smallest_norm == pytest.approx(np.linalg.norm(EMBEDDINGS * MASK, axis=1).min(), rel=1e-6)


@pytest.mark.parametrize(
    "mask",
    [
        np.array([True, False, True, True]),
        np.array([1, 0, 1, 1]),
        torch.nn.Parameter(torch.tensor([1.0, 0.0, 1.0, 1.0])),
        torch.tensor([1.0, 0.0, 1.0, 1.0], dtype=torch.bfloat16),
    ],
)
def test_numbers_of_any_kind_make_a_mask(mask: object) -> None:
    np.testing.assert_array_equal(check({"bags|shoes": mask}).masks.masks_cd, [[1, 0, 1, 1]])


def test_both_spellings_may_say_the_same_and_nothing_else() -> None:
    assert check({"shoes|bags": MASK, "bags|shoes": MASK.copy()}).masks.names == ("bags|shoes",)
    message = refused({"shoes|bags": MASK, "bags|shoes": MASK * 2})
    assert message.found == "different ones under both spellings of 'bags|shoes'"


@pytest.mark.parametrize(
    ("answer", "found", "remedy"),
    [
        ([MASK], "an object of type list", "return a dict"),
        ({}, "an empty one", "return a dict"),
        ({("bags", "shoes"): MASK}, "a key of type tuple: ('bags', 'shoes')", "by a bar"),
        ({"bags|shoes": [1.0, 0.0, 0.5, 2.0]}, "a list", "numpy.array"),
        ({"bags|shoes": MASK.astype(complex)}, "a ndarray of complex128", "numpy.array"),
        ({"bags|shoes": torch.tensor(MASK).to(torch.complex64)}, "a Tensor of torch.complex64", "numpy.array"),
        ({"bags|shoes": MASK[:3]}, "shape (3,)", "one factor for each dimension"),
        ({"bags|shoes": MASK[None]}, "shape (1, 4)", "one factor for each dimension"),
        ({"bags|shoes": MASK * np.nan}, "4 that are not", "NaN or infinity"),
        ({"bags|shoes": MASK * 1e300}, "3 that are not", "NaN or infinity"),
        ({"bags|shoes": MASK - 0.1}, "1 negative ones", "relu(w)"),
        ({"bags|shoes": MASK * 0}, "zeros alone", "leave this condition out"),
        ({"bags|shoes": MASK * 1e-300}, "zeros alone", "leave this condition out"),
        ({"bags|shoes": MASK, "bags|tops": MASK * 0}, "zeros alone", "leave this condition out"),
        ({"bag|shoe": MASK, "top|top": MASK}, "2 of other ones, such as 'bag|shoe', 'top|top'", "type_pairs"),
        ({"bags": MASK}, "1 of other ones, such as 'bags'", "type_pairs"),
        ({"bags|tops": MASK * 1e-20}, "none for 5 of 5 images", "factors of about 1"),
        ({"bags|tops": MASK * 1e30}, "none for 5 of 5 images", "factors of about 1"),
    ],
)
def test_unfit_masks_are_refused(answer: object, found: str, remedy: str) -> None:
    message = refused(answer)
    assert found in message.found
    assert remedy in message.remedy
    assert "condition_masks() of the user's similarity model" in message.where


def test_a_mask_that_leaves_nothing_of_one_image_is_refused() -> None:
    embeddings_nd = EMBEDDINGS.copy()
    embeddings_nd[3] = [0, 1, 0, 0]
    with pytest.raises(BadModel) as refusal:
        check({"bags|shoes": np.ones(4), "bags|tops": MASK}, embeddings_nd)
    assert "none for 1 of 5 images" in refusal.value.found
    assert "under 1 of 2 masks, such as 'bags|tops'" in refusal.value.found


def test_what_passes_can_be_scored_in_float32() -> None:
    for factor in (1e-8, 1.0, 1e12):
        masks_cd = check({"bags|shoes": MASK * factor}).masks.masks_cd
        references = project(EMBEDDINGS[:1], masks_cd)
        cosines = conditioned_cosines(torch.tensor(EMBEDDINGS), torch.tensor(references), torch.tensor(masks_cd))
        assert float(cosines[0, 0]) == pytest.approx(1, abs=1e-5)


def test_a_model_without_the_method_is_refused() -> None:
    with pytest.raises(BadModel, match="(?s)an object of type object without one.*leave similarity_model.conditions"):
        check_condition_masks(object(), EMBEDDINGS, KNOWN)


def test_an_error_of_the_method_is_told() -> None:
    def fails() -> object:
        raise KeyError("masks")

    with pytest.raises(BadModel, match="KeyError: 'masks'"):
        check_condition_masks(Asked(fails), EMBEDDINGS, KNOWN)


def test_masks_drawn_at_random_are_refused() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(BadModel, match="(?s)the same masks when asked again.*at random"):
        check_condition_masks(Asked(lambda: {"bags|shoes": rng.random(4)}), EMBEDDINGS, KNOWN)
    names = iter(("bags|shoes", "bags|tops"))
    with pytest.raises(BadModel, match="the same masks when asked again"):
        check_condition_masks(Asked(lambda: {next(names): MASK}), EMBEDDINGS, KNOWN)


def test_a_layer_called_condition_masks_is_no_method() -> None:
    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.condition_masks = torch.nn.Embedding(3, 4)

    with pytest.raises(BadModel) as error:
        check_condition_masks(Network(), EMBEDDINGS, KNOWN)
    assert "without one" in error.value.found


def test_masks_that_end_the_process_or_change_it_are_told_and_put_back() -> None:
    def answer() -> object:
        torch.set_default_dtype(torch.float64)
        raise SystemExit(0)

    with pytest.raises(BadModel) as error:
        check_condition_masks(Asked(answer), EMBEDDINGS, KNOWN)
    assert error.value.found == "SystemExit: 0"
    assert torch.get_default_dtype() == torch.float32
