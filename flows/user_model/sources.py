"""The code behind a user's factory: which files, and what they say; nothing is imported, so nothing is run."""

import ast
import difflib
import importlib.util
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path

from flows.engine.code_identity import code_id
from pipeline.errors import BadModel

# Names of this program: their code is in the stages' own keys.
OWN_PACKAGES = ("pipeline", "stores", "flows")
OWN_ROOT = Path(__file__).resolve().parents[2]
NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class FactorySources:
    """Where a factory's code lies.

    Attributes:
        module: dotted name of the factory's module.
        function: its name there.
        folder: imports of the module start from here.
        is_local: it was found in the user's folder, not among installed packages.
        files: the modules that count as the model's code, by dotted name.
        digests: sha256 of each module's code, without comments, docstrings and layout.
    """

    module: str
    function: str
    folder: Path
    is_local: bool
    files: Mapping[str, Path]
    digests: Mapping[str, str]


def factory_sources(factory: str, folder: str) -> FactorySources:
    """Return the code of a factory: its module and every module below the same folder that it imports.

    Modules in the user's folder come first, then installed packages; of these only what lies below the module's own
    folder counts, and a new version of the rest goes unnoticed.

    Args:
        factory: "package.module:function".
        folder: the user's folder.

    Raises:
        BadModel: there is no such module in Python, or it binds no such name; or a module of the user's has the name
            of one of this program's packages.
        StoreError: its source does not parse.
    """
    module, _, function = factory.partition(":")
    if module.partition(".")[0] in OWN_PACKAGES:
        raise _own_name(factory, module.partition(".")[0], folder)
    start = Path(folder)
    file = _below(start, module)
    is_local = file is not None
    if file is None:
        file = _installed(module)
        if file is None:
            raise BadModel(
                expected=f"the Python source of the module {module}",
                found=f"no {module.replace('.', '/')}.py in {folder}, and no installed package of that name",
                where=f"similarity_model.factory = {factory!r}",
                remedy=_remedy_for_module(module, function),
            )
        start = file.parents[len(module.split(".")) - (0 if file.name == "__init__.py" else 1)]
    files = _closure(module, start, start if is_local else file.parent)
    if is_local:
        _check_own_names(factory, start, files)
    digests = code_id(sorted(files), [start])
    _check_function(factory, function, files[module])
    return FactorySources(module, function, start, is_local, files, digests)


def _below(start: Path, module: str) -> Path | None:
    path = start.joinpath(*module.split("."))
    # The order in which Python looks.
    candidates = (path / "__init__.py", path.with_name(f"{path.name}.py"))
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def _installed(module: str) -> Path | None:
    top, *rest = module.split(".")
    spec = importlib.util.find_spec(top)
    name = top
    for part in rest:
        if spec is None or spec.submodule_search_locations is None:
            return None
        name = f"{name}.{part}"
        spec = PathFinder.find_spec(name, list(spec.submodule_search_locations))
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    return Path(spec.origin)


def _closure(module: str, start: Path, within: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        file = _below(start, name)
        if name in found or file is None or name.partition(".")[0] in OWN_PACKAGES:
            continue
        if name != module and within not in file.parents:
            continue
        found[name] = file
        waiting += _imported(name, file)
        # Importing a module runs the packages around it.
        waiting += [name.rpartition(".")[0]] if "." in name else []
    return found


def _check_own_names(factory: str, start: Path, files: Mapping[str, Path]) -> None:
    """Refuse code that imports a module of the user's by a name that Python will find in this program instead."""
    for name, file in files.items():
        for imported in _imported(name, file):
            top = imported.partition(".")[0]
            theirs = _below(start, imported) if top in OWN_PACKAGES else None
            if theirs is not None and OWN_ROOT / top not in theirs.resolve().parents:
                raise _own_name(factory, top, str(start))


def _own_name(factory: str, package: str, folder: str) -> BadModel:
    return BadModel(
        expected=f"modules by other names than those of sane's own packages: {', '.join(OWN_PACKAGES)}",
        found=f"one below {package!r} in {folder}",
        where=f"similarity_model.factory = {factory!r}",
        remedy=f"rename {package}, or put it into a package of another name and import it from there, such as "
        f"my_project.{package}, with relative imports inside",
    )


def _imported(name: str, file: Path) -> Iterator[str]:
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        return  # told by code_id, with the file's name
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".") if package else []
            around = parts[: len(parts) - node.level + 1] if node.level else []
            source = ".".join([*around, *([node.module] if node.module else [])])
            if source:
                yield source
            # "from package import module" names a module, too.
            yield from (f"{source}.{alias.name}".lstrip(".") for alias in node.names if alias.name != "*")


def _remedy_for_module(module: str, function: str) -> str:
    if module.endswith(".py"):
        return f'leave out the suffix .py: factory = "{module.removesuffix(".py")}:{function}"'
    return "correct the name, or set similarity_model.factory_path to the folder that holds the module"


def _check_function(factory: str, function: str, file: Path) -> None:
    """Refuse a name that the module cannot bind, as far as reading tells."""
    tree = ast.parse(file.read_bytes())
    names: set[str] = set()
    callables = sorted(node.name for node in tree.body if isinstance(node, NAMED))
    for node in tree.body:
        if isinstance(node, NAMED):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)}
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif not isinstance(node, ast.Expr):
            return  # a condition or a loop may bind anything
    if function not in names and "*" not in names:
        close = difflib.get_close_matches(function, callables, n=1)
        raise BadModel(
            expected=f"a function {function} in {file.name}",
            found=f"only {', '.join(callables)}" if callables else "none at all",
            where=f"similarity_model.factory = {factory!r}, {file}",
            remedy=f"did you mean {factory.partition(':')[0]}:{close[0]}?"
            if close
            else "correct the name after the colon",
        )
