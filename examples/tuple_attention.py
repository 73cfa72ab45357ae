"""Similarity attention of every image of a pair, triplet or quadruplet, from what a run has kept.

    sane run CONFIG --until vocabulary
    sane run CONFIG --until embeddings
    python examples/tuple_attention.py CONFIG FOLDER IMAGE IMAGE [NEGATIVE [NEGATIVE]] [--different] [--layer 0.2]

Images are ids of the dataset or paths of files, which may be of another dataset than the one that the model learned;
see docs/saliency.md.
"""

import argparse

from flows.explain import explain_tuple


def main() -> None:
    """Write the maps of the images that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config")
    parser.add_argument("folder")
    parser.add_argument("images", nargs="+", metavar="IMAGE")
    parser.add_argument("--different", action="store_true", help="the two images are of two classes")
    parser.add_argument("--layer", default=None, help="submodule; the last feature map unless named")
    asked = parser.parse_args()
    explained = explain_tuple(asked.config, asked.images, asked.layer, same_class=not asked.different)
    for path in explained.save(asked.folder):
        print(path)


if __name__ == "__main__":
    main()
