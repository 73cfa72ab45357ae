"""One pair explained from Python: its answer in words, and its picture, values and arrays as files.

    sane run CONFIG
    python examples/explain_pair.py CONFIG A B FOLDER

A and B are ids of images of the dataset or paths of image files; see docs/python.md.
"""

import sys

from flows.explain import explain


def main(config: str, a: str, b: str, folder: str) -> None:
    """Explain image a against image b."""
    explanation = explain(config, a, b)
    print(explanation.text())
    explanation.save(folder)


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
