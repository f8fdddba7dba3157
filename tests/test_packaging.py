"""The package is light to import, typed, and knows its own version."""

import importlib.metadata
import importlib.resources
import json
import re
import runpy
import subprocess
import sys
import tomllib
import types
from pathlib import Path

import pytest

import gradproof

ROOT = Path(__file__).parents[1]
HEAVY = {
    "torch", "jax", "rich", "click", "matplotlib", "scipy", "pandas", "IPython", "pytest", "jinja2",
}  # fmt: skip


def imported_by(statement: str) -> set[str]:
    """The top-level modules that a fresh interpreter holds after ``statement``."""
    probe = f"{statement}\nimport json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, timeout=60
    )
    return {name.partition(".")[0] for name in json.loads(done.stdout)}


def test_import_gradproof_stays_light():
    assert imported_by("import gradproof") & {"gradproof", "numpy", *HEAVY} == {"gradproof"}
    every = imported_by("import gradproof\n[getattr(gradproof, n) for n in gradproof.__all__]")
    assert {"gradproof", "numpy"} <= every
    assert every & HEAVY == set()


def test_a_name_means_the_same_whatever_was_imported_before():
    probe = "import gradproof.hunt.spaces, gradproof; gradproof.check; print(gradproof.hunt)"
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.startswith("<function hunt")


def test_import_textbook_and_the_network_stay_light():
    assert imported_by("import gradproof.textbook, gradproof.demo.network") & HEAVY == set()


@pytest.mark.parametrize("heavy", ["rich", "click", "scipy"])
def test_the_probe_sees_what_is_imported(heavy):
    assert imported_by(f"import gradproof, {heavy}") & HEAVY >= {heavy}


def test_the_version_is_one_and_the_same():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert gradproof.__version__ == declared
    assert importlib.metadata.version("gradproof") == declared


def test_types_are_shipped():
    for package in ("gradproof", "gradproof_pytest"):
        assert (importlib.resources.files(package) / "py.typed").is_file()


def test_each_public_name_exists_and_says_what_it_is():
    assert "textbook" in gradproof.__all__
    for name in gradproof.__all__:
        assert getattr(gradproof, name).__doc__, name


def test_the_command_is_declared():
    declared = importlib.metadata.distribution("gradproof").entry_points
    scripts = declared.select(group="console_scripts")
    assert [script.value for script in scripts] == ["gradproof.cli:main"]
    plugins = declared.select(group="pytest11")
    assert [plugin.value for plugin in plugins] == ["gradproof_pytest"]


def test_a_check_of_numpy_arrays_imports_no_framework():
    check = "gradproof.check(lambda x: float(x @ x), numpy.ones(3), grad=lambda x: 2 * x)"
    vjp = "gradproof.check_vjp(numpy.sin, lambda x, g: g * numpy.cos(x), numpy.ones(3))"
    assert imported_by(f"import numpy, gradproof\n{check}\n{vjp}") & {"torch", "jax"} == set()


@pytest.mark.parametrize(("framework", "other"), [("torch", "jax"), ("jax", "torch")])
def test_a_framework_that_the_user_has_does_not_bring_the_other(framework, other):
    make = {"torch": "torch.ones(3)", "jax": "jax.numpy.ones(3)"}[framework]
    check = f"gradproof.check(lambda x: (x * x).sum(), {make})"
    assert other not in imported_by(f"import {framework}, gradproof\n{check}")


def test_each_framework_appears_in_few_files():
    source = ROOT / "src" / "gradproof"
    for framework, files in (
        (
            "torch",
            {
                "backend/leaves.py",
                "backend/passing.py",
                "backend/pulling.py",
                "backend/rows.py",
                "backend/torch.py",
                "backend/widening.py",
            },
        ),
        ("jax", {"backend/jax.py", "jax.py"}),
    ):  # fmt: skip
        importing = {
            str(path.relative_to(source))
            for path in source.rglob("*.py")
            if f"\nimport {framework}\n" in path.read_text("utf-8")
            and path.parent not in (source / framework, source / "operations" / framework)
        }
        assert importing == files


def test_only_public_names_are_listed():
    public = {*gradproof.__all__, "torch", "jax", "scipy", "__version__"}
    assert set(dir(gradproof)) == public
    with pytest.raises(AttributeError, match="no attribute 'chekc'"):
        gradproof.chekc  # noqa: B018


@pytest.mark.parametrize(
    ("drop_in", "call"), [("torch", "gradcheck"), ("jax", "check_grads"), ("scipy", "check_grad")]
)
def test_a_drop_in_is_found_without_an_import_of_its_own_and_imported_when_used(drop_in, call):
    assert drop_in not in imported_by("import gradproof; dir(gradproof)") - {"gradproof"}
    probe = f"import gradproof; assert callable(gradproof.{drop_in}.{call})"
    assert "gradproof" in imported_by(probe)


# What a package index shows


@pytest.fixture
def hook(monkeypatch):
    """The module that makes the metadata, without the package that calls it at a build."""
    interface = types.ModuleType("hatchling.metadata.plugin.interface")
    interface.MetadataHookInterface = type("MetadataHookInterface", (), {})
    for name in ("hatchling", "hatchling.metadata", "hatchling.metadata.plugin"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, interface.__name__, interface)
    return runpy.run_path(str(ROOT / "hatch_build.py"))


def test_the_readme_stands_alone_on_a_package_index(hook):
    made = hook["CustomMetadataHook"]()
    made.root = str(ROOT)
    metadata = {}
    made.update(metadata)
    text = metadata["readme"]["text"]
    assert metadata["readme"]["content-type"] == "text/markdown"
    beside = r"\]\((?!https?:|#)[^)]*\)"
    assert not re.search(beside, text)
    readme = (ROOT / "README.md").read_text("utf-8")
    assert re.search(beside, readme)  # it would have been seen
    fences = re.findall(r"^```.*?^```$", readme, re.MULTILINE | re.DOTALL)
    assert fences == re.findall(r"^```.*?^```$", text, re.MULTILINE | re.DOTALL)


def test_code_and_links_to_the_network_stay_as_they_are(hook):
    given = (
        "![a picture](docs/a.png)\n\nSee [the `code`\npage](docs/a.md#b), [web](https://a.org/b),"
        " `x[0](1)`.\n\n```\na[0](b)\n```\n"
    )
    assert hook["alone"](given) == (
        "See the `code`\npage, [web](https://a.org/b), `x[0](1)`.\n\n```\na[0](b)\n```\n"
    )


@pytest.mark.parametrize(
    ("remote", "home"),
    [
        ("https://forge.example/us/gradproof.git", "https://forge.example/us/gradproof"),
        ("https://name:secret@forge.example/us/gradproof", "https://forge.example/us/gradproof"),
        ("git@forge.example:us/gradproof.git", None),
        ("/some/folder", None),
        (None, None),
    ],
)
def test_the_addresses_are_those_of_the_repository(hook, tmp_path, remote, home):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    if remote is not None:
        add = ["git", "-C", str(tmp_path), "remote", "add", "origin", remote]
        subprocess.run(add, check=True)
    given = "![a picture](docs/a.png)\n\n[a page](docs/a.md#b), [web](https://a.org/b)\n"
    (tmp_path / "README.md").write_text(given, "utf-8")
    made, metadata = hook["CustomMetadataHook"](), {}
    made.root = str(tmp_path)
    made.update(metadata)
    text = metadata["readme"]["text"]
    if home is None:
        assert "urls" not in metadata
        assert text == "a page, [web](https://a.org/b)\n"
        return
    assert metadata["urls"]["Source"] == home
    assert metadata["urls"]["Changelog"] == f"{home}/blob/HEAD/CHANGELOG.md"
    assert text == (
        f"![a picture]({home}/raw/HEAD/docs/a.png)\n\n"
        f"[a page]({home}/blob/HEAD/docs/a.md#b), [web](https://a.org/b)\n"
    )


def test_a_source_distribution_remembers_the_addresses(hook, tmp_path):
    home = "https://forge.example/us/gradproof"
    (tmp_path / "PKG-INFO").write_text(f"Name: gradproof\nProject-URL: Source, {home}\n", "utf-8")
    assert hook["home_of"](tmp_path) == home
    (tmp_path / "PKG-INFO").write_text("Name: gradproof\n", "utf-8")
    assert hook["home_of"](tmp_path) is None
