"""Part-based embeddings: horizontal stripes of the last feature map, each with a classifier (Sun et al., 2018, PCB).

Deliberate departures: the trunk's last stage keeps its stride, and a stripe's shorter vector is a linear map of its
mean alone.
"""

import torch
from torch import nn
from torch.nn import functional

from pipeline.errors import BadSetting
from pipeline.randomness import derive_seed

WHERE = "similarity_model.stripes"


class StripeHead(nn.Module):
    """Mean of each horizontal stripe, then a linear map for each: the vectors side by side are the embedding.

    Args:
        channels: of the feature map.
        embedding_dim: D, which the stripes share equally.
        stripes: how many, from top to bottom.

    Raises:
        BadSetting: D is no multiple of the stripes.
    """

    def __init__(self, channels: int, embedding_dim: int, stripes: int) -> None:
        super().__init__()
        if embedding_dim % stripes:
            raise BadSetting(
                expected=f"similarity_model.embedding_dim that {stripes} stripes can share equally",
                found=str(embedding_dim),
                where=WHERE,
                remedy=f"set embedding_dim to a multiple of {stripes}",
            )
        self.stripes = stripes
        self.maps = nn.ModuleList(nn.Linear(channels, embedding_dim // stripes) for _ in range(stripes))

    def forward(self, features_nchw: torch.Tensor) -> torch.Tensor:
        """Return float32 (image, D), the uppermost stripe first."""
        means_ncp = functional.adaptive_avg_pool2d(features_nchw, (self.stripes, 1))[..., 0]
        return torch.cat([part(means_ncp[:, :, number]) for number, part in enumerate(self.maps)], dim=1)


class StripeClassifiers(nn.Module):
    """A linear classifier for each stripe's vector; needed for training alone.

    Args:
        classes: int64 numbers of the training classes, as they stand in the labels.
        embedding_dim: D.
        stripes: how many share it.
        seed: fixes the initial weights; torch's own generator is left as it was.
    """

    classes_c: torch.Tensor

    def __init__(self, classes: torch.Tensor, embedding_dim: int, stripes: int, seed: int) -> None:
        super().__init__()
        self.register_buffer("classes_c", torch.unique(classes))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(seed, "stripe classifiers", stripes))
            self.maps = nn.ModuleList(nn.Linear(embedding_dim // stripes, len(self.classes_c)) for _ in range(stripes))

    def loss(self, raw_nd: torch.Tensor, classes_n: torch.Tensor) -> torch.Tensor:
        """Return the sum over stripes of the mean cross-entropy, a scalar.

        Args:
            raw_nd: embeddings before normalisation.
            classes_n: class of each image, all among the training classes.
        """
        wanted_n = torch.searchsorted(self.classes_c, classes_n)
        parts = raw_nd.chunk(len(self.maps), dim=1)
        losses = [functional.cross_entropy(of(part), wanted_n) for of, part in zip(self.maps, parts, strict=True)]
        return torch.stack(losses).sum()


def check_stripes(trunk: nn.Module, stripes: int, image_nchw: torch.Tensor) -> None:
    """Refuse more stripes than the feature map has rows, after a pass of an image; the trunk's mode stays.

    Raises:
        BadSetting: there are more.
    """
    was_training = trunk.training
    with torch.inference_mode():
        rows = trunk.eval()(image_nchw).shape[2]
    trunk.train(was_training)
    if rows < stripes:
        raise BadSetting(
            expected=f"at most {rows} stripes: the last feature map has {rows} rows",
            found=str(stripes),
            where=WHERE,
            remedy="take fewer stripes, or larger images (dataset.image_size_px)",
        )
