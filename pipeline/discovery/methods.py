"""The ways of discovering attributes, by name, for settings that import no library of them; see docs/discovery.md."""

from typing import Literal, get_args

Method = Literal["patches", "components", "factors", "full_frame", "random"]
METHODS: tuple[Method, ...] = get_args(Method)
# Those that look at matches of images, and those that need what each cell does to the embedding.
PATCHES, COMPONENTS, FACTORS, FULL_FRAME, RANDOM = METHODS
OF_MATCHES = (PATCHES, COMPONENTS)
OF_EFFECTS = (PATCHES, COMPONENTS, FACTORS)

# Of the vectors that become attributes, by scikit-learn's names.
Clustering = Literal["k_means", "agglomerative", "hdbscan"]
# Side of a patch: the papers' 30 px of images of 112 px.
PAPERS_CROP_SHARE = 30 / 112
