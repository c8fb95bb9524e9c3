"""The reference pages tell what the code does, and every page stands in the navigation."""

from __future__ import annotations

import re
import runpy
import shlex
from pathlib import Path

import pytest
import yaml

from tfjob_kit import config
from tfjob_kit.cli.__main__ import main

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = runpy.run_path(str(ROOT / "scripts" / "reference.py"))["pages"]()


@pytest.mark.parametrize("name", PAGES)
def test_a_reference_page_is_current(name: str) -> None:
    assert (DOCS / "reference" / name).read_text() == PAGES[name], "run `make docs`"


def test_the_annotated_manifest_is_the_one_of_the_tests() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "manifest_page.py"))
    text = script["PAGE"].read_text()
    assert text == script["page"](text, script["MANIFEST"].read_text()), "run `make docs`"


def test_a_note_whose_line_is_gone_is_found() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "manifest_page.py"))
    lines = [line for line in script["MANIFEST"].read_text().splitlines() if "runPolicy" not in line]
    with pytest.raises(KeyError, match="runPolicy"):
        list(script["annotated"](lines))


def _commands(page: str) -> list[str]:
    """Commands of a page's shell blocks that render, whatever they do with the result."""
    blocks = "".join(re.findall(r"```bash\n(.*?)```", (DOCS / page).read_text(), re.DOTALL))
    lines = blocks.replace("\\\n", " ").splitlines()
    return [line.partition("  #")[0] for line in lines if re.match(r"tfjob-kit (render|run)\b", line)]


def test_the_command_above_the_annotated_manifest_makes_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    script = runpy.run_path(str(ROOT / "scripts" / "manifest_page.py"))
    (command,) = _commands("concepts/manifest.md")
    assert 0 == main(shlex.split(command)[1:])
    assert script["MANIFEST"].read_text() == capsys.readouterr().out


@pytest.mark.parametrize("command", _commands("howto/describe-your-cluster.md"))
def test_a_command_about_a_site_works(
    command: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = [word for word in shlex.split(command)[2:] if not word.startswith("--")]
    assert 0 == main(["render", *words])
    assert "registry-credentials" in capsys.readouterr().out


def test_the_site_file_of_the_page_composes(tmp_path: Path) -> None:
    text = (DOCS / "howto" / "describe-your-cluster.md").read_text()
    (block,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    (tmp_path / "conf" / "site").mkdir(parents=True)
    (tmp_path / "conf" / "site" / "lab.yaml").write_text(block)
    run = config.compose(["site=lab", "gpus=A100-80GB:2x4"], cwd=tmp_path).config
    assert ["A100-80GB"] == list(run.site.gpu_types)


def test_every_page_stands_in_the_navigation() -> None:
    navigation = yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]

    assert {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md")} == set(_leaves(navigation))


def _leaves(node: object) -> list[str]:
    match node:
        case str():
            return [node]
        case list():
            return [leaf for each in node for leaf in _leaves(each)]
        case dict():
            return [leaf for each in node.values() for leaf in _leaves(each)]
    raise TypeError(node)


@pytest.mark.parametrize("path", sorted(DOCS.rglob("*.md")), ids=lambda path: path.stem)
def test_links_between_pages_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text())

    assert [] == [each for each in targets if "://" not in each and not (path.parent / each).exists()]
