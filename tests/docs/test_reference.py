"""The reference pages tell what the code does, and every page stands in the navigation."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest
import yaml

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
