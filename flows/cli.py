"""The command line: all commands in the order of the help. Thin: parses, calls, prints."""

from pathlib import Path
from typing import Annotated

import typer

from flows.command_line.attributes import attributes
from flows.command_line.compare import compare
from flows.command_line.figures import figures
from flows.command_line.shared import Config, Debug, Format, Overrides, Verbose, check_text_or_json, readable_errors
from flows.command_line.store import gc, status, verify
from flows.command_line.study import study
from flows.command_line.tables import query
from flows.settings.file import load_settings
from pipeline.errors import BadSetting

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


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
    """Explain why an image-similarity model says two images match. Start with: sane init FOLDER."""


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


app.command()(status)


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
    verbose: Verbose = False,
    debug: Debug = False,
) -> None:
    """Show what a run would do, why, and what it costs: forward passes, bytes and seconds; computes nothing."""
    with readable_errors(debug):
        from flows.commands.plan import Shown, plan_command

        check_text_or_json(format)
        calibration = {None: "cached", True: "anew", False: "none"}[calibrate]
        settings = load_settings(config, overrides or [])
        plan_command(settings, Shown(format == "json", verbose), workers, calibration, until, str(config))


app.command()(query)
app.command()(compare)


@app.command()
def report(
    config: Config,
    overrides: Overrides = None,
    output: Annotated[
        Path | None, typer.Option(help="folder, or file that ends in .zip; default: beside the store's artifacts")
    ] = None,
    debug: Debug = False,
) -> None:
    """Write the report of a finished run, a folder of pages, and print the path of the first."""
    with readable_errors(debug):
        from flows.commands.report_file import export_report, write_report
        from flows.configured_runs import configured_runs

        runs = configured_runs(load_settings(config, overrides or []))
        if output is not None and len(runs) > 1:
            raise BadSetting(
                expected="one seed, as --output names one report",
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
    html: Annotated[bool, typer.Option("--html", help="write the pair's page too, one HTML file")] = False,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, cuda:1; default: compute.device")] = None,
    debug: Debug = False,
) -> None:
    """Explain one pair, new images too, from what a run has kept: its answer, attributes, regions and maps."""
    with readable_errors(debug):
        from flows.commands.explain import explain_command
        from flows.explain.options import ExplainOptions

        chosen = (*(overrides or ()), *([f"compute.device={device}"] if device else ()))
        explain_command(config, a, b, ExplainOptions(condition, generator, both_directions, refits, chosen), out, html)


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


app.command()(figures)
app.add_typer(study, name="study")
app.add_typer(attributes, name="attributes")
app.command()(verify)
app.command()(gc)


def main() -> None:
    """Run the command that the arguments name; `flows.entry` does so for the command `sane`."""
    app()


if __name__ == "__main__":
    main()
