"""Released lists of pairs: a line "query reference label" each, label 1 for a match and 0 for none."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.datasets.folder_files import read_lines
from pipeline.errors import BadDataset
from pipeline.pairs.sampling import choice_hash

NAMES_SHOWN = 5


@dataclass(frozen=True)
class ListedPair:
    """One line of a list."""

    query: str
    reference: str
    is_match: bool


@dataclass(frozen=True)
class ListedPairs:
    """The pairs of a list that can be used, and what was left out.

    Attributes:
        matches: pairs with label 1, sorted by query, each query's in the list's order.
        others: pairs with label 0, sorted alike.
        missing: how many lines name each image that is not there, by image id.
        lines_missing: lines that name at least one of them.
        repeated: lines that repeat an earlier one.
        of_itself: lines that pair an image with itself, which explains nothing.
    """

    matches: tuple[ListedPair, ...]
    others: tuple[ListedPair, ...]
    missing: Mapping[str, int]
    lines_missing: int
    repeated: int
    of_itself: int


def read_pair_list(path: Path) -> list[ListedPair]:
    """Return the lines of a list of pairs.

    Raises:
        BadDataset: the file is missing or not text, has no line, a line has not three fields or another label than
            0 or 1, or a pair has both labels.
    """
    if not path.is_file():
        raise BadDataset(
            expected="a list of pairs",
            found="no such file",
            where=str(path),
            remedy="correct pairs.file (it is relative to the configuration file), or leave it out to sample pairs",
        )
    pairs = []
    label_of: dict[tuple[str, str], str] = {}
    lines = read_lines(path)
    for number, line in enumerate(lines, start=1):
        fields = line.split()
        if len(fields) != 3 or fields[2] not in ("0", "1"):
            raise _bad_line(path, number, "query, reference and label (0 or 1), separated by spaces", line[:120])
        query, reference, label = fields
        if label_of.setdefault((query, reference), label) != label:
            raise _bad_line(path, number, "one label for each pair", f"{query} {reference} with label 0 and label 1")
        pairs.append(ListedPair(query, reference, label == "1"))
    if not pairs:
        raise _bad_line(path, 1, "at least one line", "an empty file")
    return pairs


def select_listed(
    listed: Sequence[ListedPair], image_ids: Collection[str], most_matches: int | None, seed: int
) -> ListedPairs:
    """Return the pairs whose images are there, each once.

    Where `most_matches` limits the matches, queries are taken in the order of sha256(seed, query), as in sampling;
    only the last of them may lose references.

    Args:
        listed: lines of a list.
        image_ids: of the split's images.
        most_matches: limit, or None for all.
        seed: of the order in which the limit takes queries.
    """
    there = frozenset(image_ids)
    missing: Counter[str] = Counter()
    lines_missing = of_itself = 0
    kept: dict[ListedPair, None] = {}
    usable = 0
    for pair in listed:
        absent = {pair.query, pair.reference} - there
        missing.update(absent)
        lines_missing += bool(absent)
        of_itself += pair.query == pair.reference and not absent
        if not absent and pair.query != pair.reference:
            usable += 1
            kept[pair] = None
    matches = [pair for pair in kept if pair.is_match]
    if most_matches is not None:
        matches = sorted(matches, key=lambda pair: choice_hash(seed, pair.query))[:most_matches]
    others = [pair for pair in kept if not pair.is_match]
    return ListedPairs(
        tuple(sorted(matches, key=lambda pair: pair.query)),
        tuple(sorted(others, key=lambda pair: pair.query)),
        dict(sorted(missing.items())),
        lines_missing,
        usable - len(kept),
        of_itself,
    )


def check_missing(path: Path, listed: Sequence[ListedPair], image_ids: Collection[str], most_missing: float) -> None:
    """Refuse a list too many of whose lines name images that are not there.

    Args:
        path: of the list, for the message.
        listed: its lines.
        image_ids: of the split's images.
        most_missing: the largest share of lines that is accepted.

    Raises:
        BadDataset: the share is larger; the message counts the images and names those named most often.
    """
    found = select_listed(listed, image_ids, None, 0)
    if found.lines_missing <= most_missing * len(listed):
        return
    most_named = sorted(found.missing.items(), key=lambda item: (-item[1], item[0]))
    shown = ", ".join(f"{name} ({lines})" for name, lines in most_named[:NAMES_SHOWN])
    raise BadDataset(
        expected=f"at most {most_missing:.1%} of the lines naming images that are not in the test split "
        "(pairs.max_missing_share)",
        found=f"{found.lines_missing} of {len(listed)} lines name {len(found.missing)} such images, most often "
        f"(lines): {shown}{' ...' if len(most_named) > NAMES_SHOWN else ''}",
        where=str(path),
        remedy="use the list that belongs to this dataset, restore its images, or raise pairs.max_missing_share",
    )


def _bad_line(path: Path, number: int, expected: str, found: str) -> BadDataset:
    return BadDataset(
        expected=expected,
        found=repr(found),
        where=f"{path}, line {number} (blank lines not counted)",
        remedy="correct the line, or restore the file from the release",
    )
