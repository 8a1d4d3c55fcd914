"""Holds the shape of the package: imports point one way, few modules may open the world, sizes stay small."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "builder"
MODULES = sorted(PACKAGE.rglob("*.py"))

LAYERS = (
    ("errors", "model", "version"),
    (
        "text",
        "texts",
        "urls",
        "markup",
        "optout",
        "tally",
        "schema",
        "storage",
        "arrow",
        "duck",
        "events",
        "threads",
    ),
    ("buckets",),
    ("s3", "objects"),
    ("archive",),
    ("extract",),
    ("sources",),
    ("recipe", "recipe_values"),
    ("reading", "crawl", "columns", "rules", "dedup", "takedown", "starter", "taking_in"),
    ("release",),
    ("engine",),
    ("stages", "cache"),
    ("pipeline",),
    ("rebuild", "verify", "hub", "explain", "regenerate"),
    ("demo",),
    ("console", "render"),
    ("cli",),
)
"""A module imports from its own layer and those above it in this list, never from one below."""

ONLY_IN = {
    "aiohttp": ("crawl",),
    "datasets": ("verify",),
    "huggingface_hub": ("hub",),
    "ray": ("engine",),
    "trafilatura": ("extract",),
    "protego": ("crawl",),
    "click": ("cli",),
}
"""Which room alone may import a package."""

HEAVY = ("pyarrow", "trafilatura", "datasets", "aiohttp", "duckdb", "numpy", "langdetect", "pydantic")

MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 40


def room(path: Path) -> str:
    """Return the top-level module or folder a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def imports(path: Path, *, types: bool = False) -> set[str]:
    """Return every module a file imports, in full, inside functions too; those for type checking only with `types`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if not types and isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are written in full"
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def layer_of(name: str) -> int:
    """Return the number of the layer a room lies in."""
    return next(number for number, rooms in enumerate(LAYERS) if name in rooms)


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_imports_point_one_way(path: Path) -> None:
    """A module imports only from its own layer or a lower one; `builder` itself stands outside."""
    if room(path) in ("__init__", "__main__", "data"):
        return
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "builder" or len(parts) < 2 or parts[1] in ("__version__", "data"):
            continue
        assert layer_of(parts[1]) <= layer_of(room(path)), f"{path} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_only_named_rooms_open_the_world(path: Path) -> None:
    """HTTP clients, `datasets`, the Hub's client and engines are imported in one room each."""
    for name in imports(path):
        package = name.split(".")[0]
        assert room(path) in ONLY_IN.get(package, (room(path),)), f"{path} imports {package}"


def cycle(graph: dict[str, set[str]], start: str) -> list[str] | None:
    """Return a way from `start` back to it, or None."""
    ways, seen = [[start]], set()
    while ways:
        way = ways.pop()
        for module in graph.get(way[-1], ()):
            if module == start:
                return [*way, module]
            if module not in seen:
                seen.add(module)
                ways.append([*way, module])
    return None


def test_there_are_no_import_cycles() -> None:
    """No module needs itself by way of others, for its types neither; what a package only hands on does not count."""
    names = {".".join(path.with_suffix("").relative_to(PACKAGE.parent).parts): path for path in MODULES}
    names = {name.removesuffix(".__init__"): path for name, path in names.items()}
    graph = {
        name: {
            other
            for item in imports(path, types=path.name != "__init__.py")
            for other in (item, item.rpartition(".")[0])
            if other in names
        }
        - {name}
        for name, path in names.items()
    }
    assert [found for name in graph if (found := cycle(graph, name))] == []


def loaded_after(*arguments: str) -> set[str]:
    """Return the heavy packages that are loaded after running the command line with `arguments`."""
    code = (
        "import sys\nfrom builder.cli import main\n"
        f"try:\n    main({list(arguments)!r})\nexcept SystemExit:\n    pass\n"
        f"print('LOADED', *[name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.rpartition("LOADED")[2].split())


@pytest.mark.parametrize("arguments", [["--help"], ["build", "--help"], ["--version"]])
def test_help_starts_light(arguments: list[str]) -> None:
    """Help and version load nothing heavy."""
    assert loaded_after(*arguments) == set()


def test_importing_builder_is_light() -> None:
    """`import builder` loads nothing heavy, and its names are there all the same."""
    code = f"import sys, builder\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_public_names_are_sorted_and_there() -> None:
    """Every name in `builder.__all__` can be had, and they are in order."""
    import builder

    assert builder.__all__ == sorted(builder.__all__)
    assert all(callable(getattr(builder, name)) for name in builder.__all__)


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return every function of a file, those inside functions left out: they count with the outer one."""
    return [function for function, _ in owned_functions(path)]


@cache
def owned_functions(path: Path) -> list[tuple[ast.FunctionDef | ast.AsyncFunctionDef, bool]]:
    """Return every function of a file with whether it belongs to a private class."""
    found = []
    nodes: list[tuple[ast.AST, bool]] = [(ast.parse(path.read_text(encoding="utf-8")), False)]
    while nodes:
        outer, private = nodes.pop()
        for node in ast.iter_child_nodes(outer):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found.append((node, private))
            else:
                hidden = isinstance(node, ast.ClassDef) and node.name.startswith("_")
                nodes.append((node, private or hidden))
    return found


def code_lines(node: ast.FunctionDef | ast.AsyncFunctionDef, source: list[str]) -> int:
    """Return the lines of a function without its docstring, blank lines and comments."""
    docstring = node.body[0] if ast.get_docstring(node) is not None else None
    skipped = range(docstring.lineno, (docstring.end_lineno or 0) + 1) if docstring else range(0)
    lines = [n for n in range(node.lineno, (node.end_lineno or 0) + 1) if n not in skipped]
    return sum(bool(text) and not text.startswith("#") for text in (source[n - 1].strip() for n in lines))


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_modules_and_functions_stay_small(path: Path) -> None:
    """Modules have at most 400 lines, functions at most 40 lines of code."""
    source = path.read_text(encoding="utf-8").splitlines()
    assert len(source) <= MAX_MODULE_LINES
    long = {node.name: code_lines(node, source) for node in functions(path)}
    assert {name: lines for name, lines in long.items() if lines > MAX_FUNCTION_LINES} == {}


def raises(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Return whether the function itself raises an error; abstract methods do not count."""
    nested = [sub for sub in ast.walk(node) if sub is not node and isinstance(sub, ast.FunctionDef)]
    inner = {child for sub in nested for child in ast.walk(sub)}
    return any(
        isinstance(sub, ast.Raise) and sub.exc is not None and sub not in inner for sub in ast.walk(node)
    )


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_public_functions_say_what_they_do_and_raise(path: Path) -> None:
    """Every public function has a docstring, which names an error where one is raised."""
    for node, private in owned_functions(path):
        if private or node.name.startswith("_"):
            continue
        doc = ast.get_docstring(node) or ""
        assert doc, f"{path}: {node.name} has no docstring"
        if raises(node):
            assert "Error" in doc or "rais" in doc.lower() or "Failed" in doc, (
                f"{path}: {node.name} raises unsaid"
            )


MAY_CATCH_ALL = ("engine/worker.py",)
"""The border of a worker: whatever a page brings about there is that page's failure, with its message kept."""


def test_nothing_is_caught_broadly() -> None:
    """No `except:` or `except Exception` anywhere but at the border of a worker."""
    for path in MODULES:
        if path.relative_to(PACKAGE).as_posix() in MAY_CATCH_ALL:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler):
                assert node.type is not None, path
                assert "Exception" not in ast.unparse(node.type).replace("Error", "").split("."), path
