"""The command line: `sane init`, `run`, `plan`, `status`, `query`, `report`, `explain`. Thin: parses, calls, prints."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer

from flows.commands.output import EXIT_STOPPED, OutputClosed, drop_unread_output, nobody_reads, say
from flows.engine.errors import BadRequest
from flows.settings.file import load_settings
from pipeline.errors import BadSetting, PipelineError
from stores.errors import StoreError

# Waiting threads that spin starve each other on shared cores; read by OpenMP when torch loads.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

EXIT_FAILED = 1
EXIT_USAGE = 2

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

study_app = typer.Typer(no_args_is_help=True, help="Make, collect and analyse a user study of a finished run.")
app.add_typer(study_app, name="study")

Config = Annotated[Path, typer.Argument(help="configuration file (TOML); paths in it are relative to it")]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", help="key=value over the file, such as saliency.rise.masks=500; repeatable")
]
Debug = Annotated[bool, typer.Option("--debug", help="show tracebacks, the cause of an error last")]
Format = Annotated[str, typer.Option("--format", help="text or json")]


def _print_version(is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version

        typer.echo(f"sane {version('sane-explanations')}")
        raise typer.Exit


@app.callback()
def sane(
    version: Annotated[
        bool, typer.Option("--version", help="print the version", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Explain why an image-similarity model says two images match. Start with: sane run configs/planted.toml."""


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="a release, images with a table, or a sub-folder for each class")],
    out: Annotated[
        Path | None, typer.Option(help="the configuration to write; default: sane.toml in the current folder")
    ] = None,
    image_size_px: Annotated[
        int | None, typer.Option(help="side of the square images; default: by the sizes of the images")
    ] = None,
    debug: Debug = False,
) -> None:
    """Look at a folder of images and write a commented configuration that runs."""
    with readable_errors(debug):
        from flows.commands.init import init_command

        init_command(folder, out, image_size_px)


@app.command()
def run(
    config: Config,
    overrides: Overrides = None,
    until: Annotated[str | None, typer.Option(help="run only this stage and what it needs")] = None,
    force: Annotated[list[str] | None, typer.Option(help="compute this stage again even if current")] = None,
    adopt: Annotated[
        list[str] | None, typer.Option(help="keep this stage's result although its code changed; all: every such stage")
    ] = None,
    runner: Annotated[str | None, typer.Option(help="inline (this process), prefect (a flow run) or dask")] = None,
    dask_address: Annotated[
        str | None,
        typer.Option(help="scheduler, such as tcp://host:8786; --runner dask without it starts workers here"),
    ] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, cuda:1; default: compute.device")] = None,
    name: Annotated[str, typer.Option(help="name this run, which keeps its results from being cleaned away")] = "",
    debug: Debug = False,
) -> None:
    """Check all inputs, then run what is stale and nothing else; ends with tables and the report's path."""
    extra = [f"compute.runner={runner}"] if runner else []
    extra += [f"compute.dask_address={dask_address}"] if dask_address else []
    extra += [f"compute.device={device}"] if device else []
    with readable_errors(debug):
        chosen = (*(overrides or []), *extra)
        settings = load_settings(config, chosen)
        from flows.commands.run import run_command
        from flows.prefect_flows.start import run_as_flow
        from flows.settings.asked_run import AskedRun

        request = AskedRun(settings, until, tuple(force or ()), tuple(adopt or ()), chosen, name, str(config))
        run_command(request, config, run_as_flow)


@app.command()
def status(
    config: Config,
    overrides: Overrides = None,
    failed: Annotated[bool, typer.Option("--failed", help="show the shards that failed and are not done yet")] = False,
    artifact: Annotated[str | None, typer.Option(help="show where this file of the store came from")] = None,
    format: Format = "text",
    debug: Debug = False,
) -> None:
    """Show every stage: current, stale (and why), partial, pending or missing."""
    if failed or artifact is not None:
        _status_of_part(config, overrides, failed, artifact, format, debug)
        return
    with readable_errors(debug):
        from flows.commands.status import print_plans

        _check_text_or_json(format)
        print_plans(load_settings(config, overrides or []), format == "json", str(config))


@app.command()
def plan(
    config: Config,
    overrides: Overrides = None,
    until: Annotated[str | None, typer.Option(help="only this stage and what it needs")] = None,
    workers: Annotated[int, typer.Option(min=1, help="processes that share the shards of a stage")] = 1,
    calibrate: Annotated[
        bool | None,
        typer.Option(help="measure this device anew, or leave seconds out; default: measure once, then remember"),
    ] = None,
    format: Format = "text",
    debug: Debug = False,
) -> None:
    """Show what a run would do, why, and what it costs: forward passes, bytes and seconds; computes nothing."""
    with readable_errors(debug):
        from flows.commands.plan import plan_command

        _check_text_or_json(format)
        calibration = {None: "cached", True: "anew", False: "none"}[calibrate]
        settings = load_settings(config, overrides or [])
        plan_command(settings, format == "json", workers, calibration, until, str(config))


@app.command()
def query(
    config: Config,
    sql: Annotated[str, typer.Argument(help="DuckDB SQL, such as 'select * from metrics'; 'show tables' lists them")],
    overrides: Overrides = None,
    run: Annotated[
        str | None, typer.Option(help="read a recorded run instead: its name, its id, or latest; needs no dataset")
    ] = None,
    format: Annotated[str, typer.Option("--format", help="table, csv, json, markdown or latex")] = "table",
    digits: Annotated[
        int | None, typer.Option(min=0, max=17, help="digits after the point of fractional numbers; not in json")
    ] = None,
    stale_ok: Annotated[
        bool, typer.Option("--stale-ok", help="answer although rows of stages that are not current are missing")
    ] = False,
    debug: Debug = False,
) -> None:
    """Run SQL over the tables of all current stages, or of a recorded run."""
    with readable_errors(debug):
        from flows.commands.query import query_tables
        from flows.commands.query_formats import check_format, write_result

        check_format(format)
        settings = load_settings(config, overrides or [])
        tell_missing = partial(typer.echo, err=True) if stale_ok else None
        write_result(query_tables(settings, sql, run, tell_missing), format, sys.stdout, digits)


@app.command()
def report(
    config: Config,
    overrides: Overrides = None,
    output: Annotated[
        Path | None, typer.Option(help="where to write it; default: beside the store's artifacts")
    ] = None,
    debug: Debug = False,
) -> None:
    """Write the static HTML report of a finished run and print its path."""
    with readable_errors(debug):
        from flows.commands.report_file import export_report, write_report
        from flows.configured_runs import configured_runs

        runs = configured_runs(load_settings(config, overrides or []))
        if output is not None and len(runs) > 1:
            raise BadSetting(
                expected="one seed, as --output names one file",
                found=", ".join(str(run.seed) for run in runs),
                where="evaluation.seeds",
                remedy=f"choose one: --set evaluation.seeds=[{runs[0].seed}]",
            )
        for configured in runs:
            current = configured.current()
            if output is not None:
                typer.echo(write_report(current, output))
            else:
                typer.echo(export_report(current, str(config), configured.seed, overrides or []).own)


@app.command()
def explain(
    config: Config,
    a: Annotated[str, typer.Argument(help="the query: id of an image of the dataset, or path of an image file")],
    b: Annotated[str, typer.Argument(help="the reference, likewise")],
    overrides: Overrides = None,
    generator: Annotated[str, typer.Option(help="makes the map of the query, see docs/saliency.md")] = "rise",
    condition: Annotated[
        str | None, typer.Option(help="of a model with conditions, such as 'bags|shoes'; default: that of their types")
    ] = None,
    both_directions: Annotated[bool, typer.Option("--both-directions", help="explain B against A as well")] = False,
    refits: Annotated[
        int | None, typer.Option(help="refits behind interval and p-value; default: explanation.refits")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="empty or new folder for picture, values and arrays; default: explanation-A-B")
    ] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, cuda:1; default: compute.device")] = None,
    debug: Debug = False,
) -> None:
    """Explain one pair, new images too, from what a run has kept: its answer, attributes, regions and maps."""
    with readable_errors(debug):
        from flows.commands.explain import explain_command
        from flows.explain.options import ExplainOptions

        chosen = (*(overrides or ()), *([f"compute.device={device}"] if device else ()))
        explain_command(config, a, b, ExplainOptions(condition, generator, both_directions, refits, chosen), out)


@app.command()
def maps(
    config: Config,
    pair: Annotated[list[str], typer.Option(help="id of a test pair, as in the table pairs; repeatable")],
    out: Annotated[Path, typer.Option(help="folder for the files; none that is there already is overwritten")],
    overrides: Overrides = None,
    generator: Annotated[str, typer.Option(help="made the maps, see docs/saliency.md")] = "rise",
    mode: Annotated[str, typer.Option(help="of the generator")] = "fixed",
    placed: Annotated[
        bool, typer.Option("--placed", help="over the original photograph instead of the square that the model sees")
    ] = False,
    debug: Debug = False,
) -> None:
    """Write maps of a finished run as files: values (NPY) and the query under its map (PNG)."""
    with readable_errors(debug):
        from flows.results import open_results
        from flows.results.map_files import AskedMaps, write_maps

        results = open_results(config, overrides or [])
        for written in write_maps(results, AskedMaps(pair, generator, mode, placed), out):
            typer.echo(written.line())


def _status_of_part(
    config: Path, overrides: list[str] | None, failed: bool, artifact: str | None, format: str, debug: bool
) -> None:
    with readable_errors(debug):
        from flows.commands.artifact_origin import print_origin
        from flows.commands.failed_status import print_failures

        _check_text_or_json(format)
        settings = load_settings(config, overrides or [])
        if failed and artifact is not None:
            raise BadSetting(expected="one of them", found="both", where="--failed, --artifact", remedy="ask twice")
        if artifact is not None:
            print_origin(settings.store.root, artifact, as_json=format == "json")
        else:
            print_failures(settings, as_json=format == "json")


@app.command()
def verify(
    config: Config,
    overrides: Overrides = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="remove what is damaged, so that a run makes it anew")
    ] = False,
    everything: Annotated[bool, typer.Option("--all", help="read all that the store holds, whatever made it")] = False,
    format: Format = "text",
    debug: Debug = False,
) -> None:
    """Read every result that counts for the configuration and name what is damaged.

    Exit code 0: all is whole, or --repair removed what was not; 1: something is damaged, or could not be removed.
    """
    with readable_errors(debug):
        from flows.commands.verify import verify_command

        _check_text_or_json(format)
        whole = verify_command(load_settings(config, overrides or []), everything, repair, format == "json")
    if not whole:
        raise typer.Exit(EXIT_FAILED)


@app.command()
def gc(
    configs: Annotated[list[Path], typer.Argument(help="configurations whose results are kept, all on one store")],
    overrides: Overrides = None,
    delete: Annotated[bool, typer.Option("--delete", help="delete; without it nothing is changed")] = False,
    unpin: Annotated[str | None, typer.Option(help="a named run whose results need no longer be kept")] = None,
    format: Format = "text",
    debug: Debug = False,
) -> None:
    """Show what of a store is not needed any more, and delete it with --delete.

    Kept is what is current or in progress for the configurations, what named runs used, and what runs work with now.
    """
    with readable_errors(debug):
        from flows.commands.collect import collect_command

        _check_text_or_json(format)
        chosen = [(str(config), load_settings(config, overrides or [])) for config in configs]
        collect_command(chosen, delete, unpin, format == "json")


@study_app.command("make")
def study_make(
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


@study_app.command("collect")
def study_collect(
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


@study_app.command("analyse")
def study_analyse(
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


def _check_text_or_json(format: str) -> None:
    if format not in ("text", "json"):
        raise BadSetting(expected="text or json", found=format, where="--format", remedy="choose one of them")


@contextmanager
def readable_errors(debug: bool) -> Iterator[None]:
    """Turn errors into one readable block and an exit code: 1 failed, 2 bad setting, 75 stopped.

    A command is stopped by SIGINT, by SIGTERM, or because nobody reads its output any more.
    """
    try:
        with _stopping_signals():
            yield
            sys.stdout.flush()
    except KeyboardInterrupt as stop:
        if not isinstance(stop, OutputClosed):
            say("stopped; everything committed is kept, the same command goes on from there\n")
        _leave_unread()
    except BrokenPipeError:
        if not nobody_reads():
            raise
        _leave_unread()
    except (PipelineError, StoreError) as error:
        if debug:
            from flows.commands.tracebacks import causes_last

            say(causes_last(error))
        say(f"error\n{error}\n")
        raise typer.Exit(EXIT_USAGE if isinstance(error, BadSetting | BadRequest) else EXIT_FAILED) from error


@contextmanager
def _stopping_signals() -> Iterator[None]:
    """Let SIGINT and SIGTERM raise KeyboardInterrupt; a SIGINT that is ignored, as in the background, stays so."""
    numbers = [signal.SIGTERM]
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
        numbers.append(signal.SIGINT)
    previous = {number: signal.signal(number, _stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _leave_unread() -> NoReturn:
    drop_unread_output()
    raise typer.Exit(EXIT_STOPPED) from None


def _stop(_signal_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Run the command that the arguments name; `flows.entry` does so for the command `sane`."""
    app()


if __name__ == "__main__":
    main()
