"""How many subjects a user study needs, simulated: docs/user-study.md.

    python -m benchmarks.study_power [--simulations 1000]

Subjects and items differ by a standard deviation of 0.6 (log odds), and a tenth of all answers is guessed.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from scipy.special import logit

from pipeline.study.sample_size import CHANCE, AssumedAnswers, power_by_subjects

SPREAD, GUESSING = 0.6, 0.1
SIZES = (10, 20, 40, 80, 160)
BASELINE = 0.6


@dataclass(frozen=True)
class Case:
    """An effect: shares of an average subject that does not guess.

    Attributes:
        share: of what counts.
        baseline: in the other condition; None: the share is compared with chance.
        questions: for each subject, in each condition.
        items: in the pool.
    """

    share: float
    baseline: float | None
    questions: int
    items: int

    def assumed(self) -> AssumedAnswers:
        """Return it as what is simulated."""
        baseline = None if self.baseline is None else float(logit(self.baseline))
        return AssumedAnswers(float(logit(self.share)), baseline, SPREAD, SPREAD, self.questions, self.items, GUESSING)

    def words(self) -> str:
        """Return it in words."""
        against = f"{CHANCE:.0%}" if self.baseline is None else f"{self.baseline:.0%}"
        return f"{self.share:.0%} against {against}".replace("%", " %")


CASES = (
    *(Case(share, None, 10, 40) for share in (0.55, 0.6, 0.65, 0.7, 0.8)),
    *(Case(BASELINE + gain, BASELINE, questions, 16) for questions in (2, 4) for gain in (0.1, 0.15, 0.2)),
)


def rows(cases: tuple[Case, ...], simulations: int, sizes: tuple[int, ...] = SIZES) -> Iterator[str]:
    """Yield a Markdown table: power in percent by number of subjects."""
    yield f"| effect | questions | {' | '.join(f'{size} subjects' for size in sizes)} |"
    yield "| --- | ---: |" + " ---: |" * len(sizes)
    for case in cases:
        powers = power_by_subjects(case.assumed(), 0, simulations, sizes)
        cells = " | ".join(f"{100 * found.power:.0f}" for found in powers)
        yield f"| {case.words()} | {case.questions} | {cells} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=1000)
    for row in rows(CASES, parser.parse_args().simulations):
        print(row)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
