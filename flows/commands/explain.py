"""The `sane explain` command: one pair, with progress on the error stream, then words on standard output and files."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from flows.commands.console import error_console, plain_console, rate_bar
from flows.commands.run_lines import print_line
from flows.explain.named_image import named_image
from flows.explain.options import LOADING, READING, ExplainOptions, Progress
from flows.explain.results import open_results
from flows.explain.saved import check_folder, default_folder


def explain_command(
    config: Path, a: str, b: str, options: ExplainOptions, out: Path | None, html: bool = False
) -> None:
    """Explain a pair, print it, and write its files.

    Args:
        config: the configuration file.
        a: the query, an id or a path.
        b: the reference, likewise.
        options: how; told progress is shown here.
        out: folder for the files; None: explanation-A-B in the working folder.
        html: write the pair's page too.

    Raises:
        PipelineError, StoreError: see `explain`; BadSetting as well where the folder holds files already.
    """
    folder = check_folder(default_folder(a, b) if out is None else out)
    with shown_progress(error_console()) as progress:
        progress(READING, 0, 1)
        results = open_results(config, options.overrides)
        named = (named_image(results, a), named_image(results, b))
        progress(LOADING, 0, 1)
        # Takes as long as the rest: only once it is known what is to be explained.
        from flows.explain.pair import explain_named

        explanation = explain_named(results, named, replace(options, progress=progress))
    paths = explanation.save(folder, html)
    console = plain_console()
    console.print(explanation.text(), soft_wrap=True)
    console.print("\n".join(("", "Files", *(f"  {path}" for path in paths))), soft_wrap=True)


@contextmanager
def shown_progress(console: Console) -> Iterator[Progress]:
    """Give what shows progress: a bar on a terminal, else a line as each step begins."""
    if not console.is_terminal:
        yield _Lines(console)
        return
    with rate_bar(console) as bars:
        task = bars.add_task("", total=None, rate="")

        def show(step: str, done: int, total: int) -> None:
            bars.update(task, description=step, completed=done, total=total)

        yield show


class _Lines:
    """Prints each step once."""

    def __init__(self, console: Console) -> None:
        self._console, self._step = console, ""

    def __call__(self, step: str, _done: int, _total: int) -> None:
        if step != self._step:
            self._step = step
            print_line(self._console, step)
