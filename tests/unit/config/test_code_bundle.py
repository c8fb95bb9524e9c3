"""`code=bundle`: which files travel, under which names, and what is too much."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfjob_kit import errors
from tfjob_kit.config import CodeBundle, collect_code, schema
from tfjob_kit.config.files.code_bundle import LIMIT_BYTES


@pytest.fixture
def project(tmp_path: Path):
    """Writes files below a folder and gives it."""

    def write(files: dict[str, bytes | str]) -> Path:
        for name, content in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        return tmp_path

    return write


def collect(cwd: Path, *files: str, conf_dir: Path | None = None) -> CodeBundle:
    code = schema.CodeConfig(mode=schema.CodeMode.bundle, files=list(files))
    bundle = collect_code(code, cwd=cwd, conf_dir=conf_dir)
    assert bundle is not None
    return bundle


def paths(bundle: CodeBundle) -> list[str]:
    return [file.path for file in bundle.files]


def test_code_of_the_image_brings_no_files(project):
    assert collect_code(schema.CodeConfig(), cwd=project({"models/net.py": "x = 1\n"})) is None


def test_models_and_config_files_travel_and_the_rest_stays(project):
    cwd = project(
        {"models/net.py": "x = 1\n", "conf/model/net.yaml": "name: net\n", "train.py": "", "data.bin": ""}
    )
    bundle = collect(cwd)
    assert ["conf/model/net.yaml", "models/net.py"] == paths(bundle)
    assert ["conf.model.net.yaml", "models.net.py"] == [file.key for file in bundle.files]
    assert b"x = 1\n" == bundle.files[1].content


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["train.py"], ["train.py"]),
        (["src"], ["src/a.py", "src/deep/b.py"]),
        (["src/"], ["src/a.py", "src/deep/b.py"]),
        (["src/*"], ["src/a.py", "src/deep/b.py"]),
        (["src/*.py"], ["src/a.py"]),
        (["**/*.py"], ["src/a.py", "src/deep/b.py", "train.py"]),
        (["./train.py"], ["train.py"]),
        ([".env"], [".env"]),
        (["*"], ["src/a.py", "src/deep/b.py", "train.py"]),
        (["train.py", "t*.py"], ["train.py"]),
    ],
)
def test_listed_files_are_names_folders_and_globs(project, files, expected):
    cwd = project({"train.py": "", "src/a.py": "", "src/deep/b.py": "", ".env": "TOKEN=1"})
    assert expected == paths(collect(cwd, *files))


def test_caches_and_hidden_files_stay(project):
    cwd = project(
        {
            "models/net.py": "",
            "models/__pycache__/net.cpython-311.pyc": b"\x00",
            "models/old.pyc": b"\x00",
            "models/.net.py.swp": "",
            "models/.git/config": "",
        }
    )
    assert ["models/net.py"] == paths(collect(cwd))


def test_links_travel_as_what_they_lead_to(project, tmp_path):
    cwd = project({"models/net.py": "x = 1\n", "shared/layers.py": "y = 2\n"})
    (cwd / "models/layers.py").symlink_to("../shared/layers.py")
    (cwd / "models/more").symlink_to(cwd / "shared")
    (cwd / "models/circle").symlink_to(cwd / "models")
    bundle = collect(cwd)
    assert ["models/layers.py", "models/more/layers.py", "models/net.py"] == paths(bundle)
    assert b"y = 2\n" == bundle.files[0].content


def test_a_link_to_nothing_and_what_is_no_file_are_refused_by_name(project):
    cwd = project({"models/net.py": ""})
    (cwd / "models/gone.py").symlink_to("nowhere.py")
    with pytest.raises(
        errors.RefusedError, match=r"`models/gone.py` cannot be bundled: it is a link to nothing"
    ):
        collect(cwd)
    (cwd / "models/gone.py").unlink()
    os.mkfifo(cwd / "models/pipe")
    with pytest.raises(errors.RefusedError, match=r"`models/pipe` cannot be bundled: it is no regular file"):
        collect(cwd)


def test_binary_files_are_told_from_text(project):
    cwd = project({"models/a.py": "ü\r\n\t", "models/b.npy": b"\x93NUMPY\x00", "models/c.txt": b"\xff\xfe"})
    assert ["ü\r\n\t", None, None] == [file.text for file in collect(cwd).files]


def test_what_may_be_executed_stays_so(project):
    cwd = project({"run.sh": "#!/bin/sh\n", "train.py": ""})
    (cwd / "run.sh").chmod(0o755)
    assert [True, False] == [file.is_executable for file in collect(cwd, "run.sh", "train.py").files]


def test_keys_are_unique_and_valid_whatever_the_paths(project):
    cwd = project(
        {"models/a/b.py": "1", "models/a.b.py": "2", "models/naïve net.py": "3", "models/" + "x" * 250: "4"}
    )
    keys = [file.key for file in collect(cwd).files]
    assert len(keys) == len(set(keys))
    assert all(re.fullmatch(r"[-._a-zA-Z0-9]{1,253}", key) and not key.startswith("..") for key in keys)
    assert "models.a.b.py" in keys


def test_the_folder_of_conf_dir_comes_first_with_the_models_beside_it(project):
    cwd = project(
        {
            "other/conf/config.yaml": "gpus: 2\n",
            "other/models/net.py": "first",
            "models/net.py": "second",
            "conf/config.yaml": "gpus: 1\n",
        }
    )
    bundle = collect(cwd, conf_dir=Path("other/conf"))
    assert {"conf/config.yaml": b"gpus: 2\n", "models/net.py": b"first"} == {
        f.path: f.content for f in bundle.files
    }


@pytest.mark.parametrize("pattern", ["/etc/passwd", "../x.py", "a/../../b", "~/x.py", ""])
def test_files_outside_the_directory_are_refused(project, pattern):
    with pytest.raises(errors.InvalidValue, match="is not a file of this directory") as caught:
        collect(project({"models/net.py": ""}), pattern)
    assert "code.files[0]" == caught.value.where


@pytest.mark.parametrize("pattern", ["trian.py", "*.cfg", "src"])
def test_an_entry_that_matches_nothing_is_refused(project, pattern):
    with pytest.raises(errors.InvalidValue, match=f"`{re.escape(pattern)}` matches no file"):
        collect(project({"models/net.py": ""}), pattern)


def test_a_directory_without_code_is_refused(tmp_path):
    with pytest.raises(errors.RefusedError, match="there is no code to bundle"):
        collect(tmp_path)


def test_too_much_is_refused_with_the_largest_files_named(project):
    sizes = {"models/weights.h5": 700, "models/table.csv": 300, "models/net.py": 1, "conf/config.yaml": 0}
    cwd = project({path: b"\x00" * (kib * 1024) for path, kib in sizes.items()})
    with pytest.raises(errors.RefusedError) as caught:
        collect(cwd)
    assert "the code has 1,002 KiB, a ConfigMap takes 900 KiB" == caught.value.message
    assert caught.value.hint.splitlines()[1:3] == [
        "    700 KiB  models/weights.h5",
        "    300 KiB  models/table.csv",
    ]
    assert "code=image" in caught.value.hint


def test_the_limit_itself_fits(project):
    room = LIMIT_BYTES - len("models/a.py")
    assert room == collect(project({"models/a.py": b"#" * room})).size
    with pytest.raises(errors.RefusedError):
        collect(project({"models/a.py": b"#" * (room + 1)}))


def test_too_many_files_are_refused(project):
    cwd = project({f"models/deep/{number}.py": "" for number in range(1001)})
    with pytest.raises(errors.RefusedError, match="1001 files") as caught:
        collect(cwd)
    assert "models/deep/" in caught.value.hint


def test_the_hash_is_of_paths_modes_and_contents(project):
    cwd = project({"models/net.py": "x = 1\n"})
    first = collect(cwd).sha256
    assert first == collect(cwd).sha256
    (cwd / "models/net.py").chmod(0o755)
    executable = collect(cwd).sha256
    (cwd / "models/net.py").write_text("x = 2\n")
    changed = collect(cwd).sha256
    (cwd / "models/net.py").rename(cwd / "models/net2.py")
    assert 4 == len({first, executable, changed, collect(cwd).sha256})


_NAMES = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="/\x00"), min_size=1, max_size=30
).filter(
    lambda name: not name.startswith(".") and not name.endswith((".pyc", ".pyo")) and name != "__pycache__"
)


@given(files=st.dictionaries(_NAMES, st.binary(max_size=200), min_size=1, max_size=6))
def test_every_file_comes_back_exactly(files, tmp_path_factory):
    cwd = tmp_path_factory.mktemp("project")
    (cwd / "models").mkdir()
    for name, content in files.items():
        (cwd / "models" / name).write_bytes(content)
    bundle = collect(cwd)
    assert {f"models/{name}": content for name, content in files.items()} == {
        file.path: file.content for file in bundle.files
    }
    assert all(file.text is None or file.text.encode() == file.content for file in bundle.files)
    assert len(bundle.files) == len({file.key for file in bundle.files})
