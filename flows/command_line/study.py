"""Commands about user studies: `sane study make`, `collect` and `analyse`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from flows.command_line.shared import Debug, Overrides, readable_errors

study = typer.Typer(no_args_is_help=True, help="Make, collect and analyse a user study of a finished run.")


@study.command("make")
def make(
    configs: Annotated[list[Path], typer.Argument(help="configuration of a finished run for each dataset")],
    out: Annotated[Path, typer.Option(help="new or empty folder for pages and design")],
    overrides: Overrides = None,
    protocol: Annotated[
        list[str] | None,
        typer.Option(help="preference (which attribute explains better) or prediction (which match scores higher)"),
    ] = None,
    questions: Annotated[int, typer.Option(help="preference: for each subject and dataset")] = 10,
    pairs: Annotated[int | None, typer.Option(help="preference: in the pool; default: four times as many")] = None,
    condition: Annotated[
        list[str] | None,
        typer.Option(help="prediction: nothing, map, random, answer, a variant, or map+ and one; repeatable"),
    ] = None,
    repeats: Annotated[int, typer.Option(help="prediction: triplets in each condition, for each subject")] = 2,
    triplets: Annotated[int | None, typer.Option(help="prediction: in the pool; default: as a subject sees")] = None,
    subjects: Annotated[int, typer.Option(help="that are expected; decides how many forms there are")] = 40,
    checks: Annotated[int, typer.Option(help="attention checks on each form")] = 2,
    group: Annotated[list[str] | None, typer.Option(help="that subjects choose from; repeatable")] = None,
    explained_by: Annotated[str, typer.Option(help="preference: answer or a variant, against random")] = "answer",
    generator: Annotated[str, typer.Option(help="of the maps")] = "rise",
    mode: Annotated[str, typer.Option(help="of the generator")] = "fixed",
    least_gap: Annotated[float, typer.Option(help="prediction: smallest difference of the two scores")] = 0.02,
    seed: Annotated[int | None, typer.Option(help="of all draws; default: the run's")] = None,
    consent: Annotated[Path | None, typer.Option(help="text that subjects agree to; default: a general one")] = None,
    debug: Debug = False,
) -> None:
    """Write questionnaires about a finished run as static pages, and the key to their answers."""
    with readable_errors(debug):
        from flows.study.make import make_study
        from flows.study.options import StudyOptions

        given = {"protocols": protocol, "conditions": condition, "groups": group}
        options = StudyOptions(
            **{name: tuple(chosen) for name, chosen in given.items() if chosen},
            questions=questions,
            pairs=pairs,
            repeats=repeats,
            triplets=triplets,
            subjects=subjects,
            checks=checks,
            explained_by=explained_by,
            generator=generator,
            mode=mode,
            least_gap=least_gap,
            seed=seed,
            consent=consent,
        )
        for line in make_study(configs, overrides or (), options, out).lines:
            typer.echo(line)


@study.command("collect")
def collect(
    folder: Annotated[Path, typer.Argument(help="made by sane study make")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="on 127.0.0.1; 0: any that is free")] = 8750,
    debug: Debug = False,
) -> None:
    """Serve the pages on this machine alone and append answers to answers.csv in the folder, until stopped."""
    with readable_errors(debug):
        from flows.study.collect import Collector
        from flows.study.written import ANSWERS

        with Collector(folder, port) as collector:
            typer.echo(f"{collector.url} serves the pages; answers go to {folder / ANSWERS}; Ctrl-C ends it")
            sys.stdout.flush()
            try:
                collector.serve_forever()
            except KeyboardInterrupt:
                typer.echo(f"{folder / ANSWERS} holds {collector.answers.count} answers")


@study.command("analyse")
def analyse(
    answers: Annotated[list[Path], typer.Argument(help="files of answers, from pages or collector")],
    design: Annotated[
        list[Path] | None, typer.Option(help="key; default: design.json beside the answers or above; repeatable")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="folder; default: analysis beside the first file")] = None,
    failed_checks_allowed: Annotated[
        int, typer.Option(min=0, help="wrong answers to attention checks beyond which a session is left out")
    ] = 0,
    keep_unfinished: Annotated[bool, typer.Option("--keep-unfinished", help="keep unfinished sessions")] = False,
    samples: Annotated[int, typer.Option(min=100, max=100_000, help="bootstrap samples")] = 2000,
    power: Annotated[float, typer.Option(min=0.05, max=0.99, help="wanted of a study like this")] = 0.8,
    simulations: Annotated[int, typer.Option(min=0, max=10_000, help="of each size of a study; 0: none")] = 400,
    seed: Annotated[int, typer.Option(help="of resampling and simulations")] = 0,
    debug: Debug = False,
) -> None:
    """Analyse answers: shares, differences, a mixed-effects model, needed subjects; as a page, CSV and JSON."""
    with readable_errors(debug):
        from flows.study.analyse import analyse_study
        from flows.study.printed import printed_lines
        from pipeline.evaluation.bootstrap import Resampling
        from pipeline.study.analysis import AnalysisPlan
        from pipeline.study.judged import ExclusionRules

        rules = ExclusionRules(failed_checks_allowed, keep_unfinished)
        plan = AnalysisPlan(rules, Resampling(seed, samples), power, simulations)
        for line in printed_lines(analyse_study(answers, design or (), plan, out)):
            typer.echo(line)
