"""Three hundred generated mistakes: one clear error each, exit code 2, the way out, no trace."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tfjob_kit.cli.__main__ import main

from . import bad_inputs

COUNT = 300
SAMPLE_EVERY = 12


@pytest.fixture
def text_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[bad_inputs.Bad], str]:
    """What stands on stderr, once all that holds for every error has been checked."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "conf/experiment/bad.yaml"
    file.parent.mkdir(parents=True)

    def run(bad: bad_inputs.Bad) -> str:
        file.unlink(missing_ok=True)
        if bad.file is not None:
            file.write_text(bad.file)
        code = main(["render", bad.token, "--name", "x"])
        said = capsys.readouterr()
        assert (2, "") == (code, said.out), bad
        assert 1 == said.err.count("error: "), said.err
        assert "Traceback" not in said.err
        assert not said.err.splitlines()[0].endswith(".")
        assert "^" in said.err, said.err
        _, has_hint, hint = said.err.partition("hint:")
        assert has_hint, said.err
        assert bad.near is None or bad.near in hint, said.err
        assert bad.file is None or "conf/experiment/bad.yaml:" in said.err, said.err
        assert max(map(len, said.err.splitlines())) < 400, said.err
        return said.err

    return run


def test_each_of_three_hundred_mistakes_gives_one_clear_error(
    text_of: Callable[[bad_inputs.Bad], str], golden: Callable[[Path, str], None]
) -> None:
    told = {bad: text_of(bad) for bad in bad_inputs.bad_inputs(COUNT)}
    assert COUNT == len(told)
    assert len(bad_inputs.MAKERS) == len({bad.kind for bad in told})
    sample = [text for number, text in enumerate(told.values()) if number % SAMPLE_EVERY == 0]
    golden(Path(__file__).parent / "contract/mistakes.txt", "\n".join(sample))


def test_nothing_of_it_depends_on_chance() -> None:
    assert bad_inputs.bad_inputs(40) == bad_inputs.bad_inputs(40)
    assert bad_inputs.bad_inputs(40) != bad_inputs.bad_inputs(40, seed=6)
