"""Code that travels with the job, as a real kubelet mounts it."""

from __future__ import annotations

import dataclasses

import pytest
from real_node.kit import Kit

pytestmark = [pytest.mark.node, pytest.mark.tf]

SIZE = ("resources.cpu=500m", "resources.memory=3Gi", "resources.shared_memory=64Mi")
MODEL = """
import keras

from models import layers


def build(params):
    print(f"built from {__file__}", flush=True)
    images = keras.Input((8, 8, 1))
    return keras.Model(images, keras.layers.Dense(10)(layers.flat(images)))
"""
PROGRAM = """
import pathlib

import helper

here = pathlib.Path.cwd()
print("here", here, helper.WORD, (here / "data/table.bin").read_bytes())
try:
    (here / "new.txt").write_text("")
except OSError as error:
    print("cannot write", error.strerror)
"""


@pytest.fixture
def project(kit: Kit) -> Kit:
    """A command line in a project of its own."""
    folder = kit.directory / kit.namespace
    folder.mkdir()
    return dataclasses.replace(kit, directory=folder)


def test_a_model_of_the_users_own_trains_without_an_image_of_its_own(project):
    models = project.directory / "models"
    models.mkdir()
    (models / "own.py").write_text(MODEL)
    (models / "layers.py").write_text("import keras\n\nflat = keras.layers.Flatten()\n")

    project.submit(
        "own", "model.name=own", "model.params={}", "gpus=1", "code=bundle", "train.steps=20", *SIZE
    )
    project.succeed("wait", "own")

    assert "built from /tfjob-kit/code/models/own.py" in project.log("own")


def test_a_program_of_the_users_own_finds_its_files_and_cannot_change_them(project):
    (project.directory / "train.py").write_text(PROGRAM)
    (project.directory / "helper.py").write_text("WORD = 'helped'\n")
    (project.directory / "data").mkdir()
    (project.directory / "data/table.bin").write_bytes(b"\x00\xff")

    files = "code.files=[train.py,helper.py,data]"
    project.submit("program", "gpus=1", "code=bundle", files, "command=[python,train.py]", *SIZE)
    project.succeed("wait", "program")

    log = project.log("program")
    assert r"here /tfjob-kit/code helped b'\x00\xff'" in log
    assert "cannot write Read-only file system" in log
