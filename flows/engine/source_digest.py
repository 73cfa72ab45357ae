"""The identity of source code: what it does, not how it is commented.

Modules are found under given folders and parsed, never imported, so `status` costs no import of torch.
"""

import ast
import hashlib
from collections.abc import Sequence
from pathlib import Path

from stores.errors import StoreError


def code_id(module_names: Sequence[str], roots: Sequence[Path]) -> dict[str, str]:
    """Return, for each module, the sha256 of its source without comments, docstrings and layout.

    Args:
        module_names: dotted names, such as "pipeline.saliency.rise.maps"; a package means its `__init__.py`.
        roots: folders that hold the top-level packages, searched in order.

    Raises:
        StoreError: when a module is in none of the roots, or its source does not parse.
    """
    return {name: _hash_source(_locate(name, roots)) for name in module_names}


def _locate(module_name: str, roots: Sequence[Path]) -> Path:
    names = module_name.split(".")
    if all(name.isidentifier() for name in names):
        for root in roots:
            plain = root.joinpath(*names).with_suffix(".py")
            package = root.joinpath(*names, "__init__.py")
            for candidate in (package, plain):
                if candidate.is_file():
                    return candidate
    raise StoreError(
        expected=f"the source of module {module_name}",
        found="no such file",
        where=", ".join(str(root) for root in roots) or "(no folders given)",
        remedy="correct the module's name in the stage's list of code, or restore the file",
    )


def _hash_source(path: Path) -> str:
    try:
        tree = ast.parse(path.read_bytes(), filename=str(path))
    except (SyntaxError, ValueError) as error:
        raise StoreError(
            expected="Python source", found=str(error), where=str(path), remedy="correct the file"
        ) from error
    _strip_docstrings(tree)
    return hashlib.sha256(ast.unparse(tree).encode()).hexdigest()


def _strip_docstrings(tree: ast.Module) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and _has_docstring(
            node.body
        ):
            # A body must hold a statement, and one that held a docstring alone did nothing.
            node.body = node.body[1:] or [ast.Pass()]


def _has_docstring(body: list[ast.stmt]) -> bool:
    if not body or not isinstance(body[0], ast.Expr):
        return False
    value = body[0].value
    return isinstance(value, ast.Constant) and isinstance(value.value, str)
