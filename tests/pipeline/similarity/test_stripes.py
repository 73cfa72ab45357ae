"""Stripes: what each pools, and the classifiers' loss against the definition."""

import numpy as np
import pytest
import torch
from torch import nn

from pipeline.errors import BadSetting
from pipeline.similarity.networks import build_embedding_network
from pipeline.similarity.stripes import StripeClassifiers, StripeHead


def test_a_stripe_s_vector_depends_on_its_rows_alone() -> None:
    head = StripeHead(5, 6, 3)
    features = torch.rand(2, 5, 6, 4, generator=torch.Generator().manual_seed(1))
    whole = head(features)
    assert whole.shape == (2, 6)
    for stripe in range(3):
        changed = features.clone()
        changed[:, :, 2 * stripe : 2 * stripe + 2] += 1
        moved = (head(changed) - whole).abs().amax(dim=0) > 1e-6
        assert moved.tolist() == [number // 2 == stripe for number in range(6)]
    # Where in its rows something is makes no difference: a stripe is a mean.
    torch.testing.assert_close(head(features.flip(3)), whole)


def test_the_loss_is_the_sum_of_the_stripes_cross_entropies_of_classes_by_any_numbers() -> None:
    classes_n = torch.tensor([7, 3, 7, 40])
    raw_nd = torch.randn(4, 6, generator=torch.Generator().manual_seed(2))
    classifiers = StripeClassifiers(classes_n, 6, 2, seed=0)
    expected = 0.0
    for stripe, layer in enumerate(classifiers.maps):
        assert isinstance(layer, nn.Linear)
        logits = raw_nd[:, 3 * stripe : 3 * stripe + 3].numpy() @ layer.weight.detach().numpy().T
        logits = logits + layer.bias.detach().numpy()
        for row, number in zip(logits, [1, 0, 1, 2], strict=True):
            expected += float(np.log(np.exp(row).sum()) - row[number]) / 4
    assert classifiers.loss(raw_nd, classes_n).item() == pytest.approx(expected, rel=1e-5)
    assert classifiers.loss(raw_nd, classes_n.flip(0)).item() != pytest.approx(expected, rel=1e-3)


def test_stripes_that_cannot_share_the_embedding_are_refused() -> None:
    with pytest.raises(BadSetting, match="multiple of 3"):
        build_embedding_network("small_residual", 8, stripes=3)
