"""The project's tools and its locked environment, from python3 and pip alone.

Owns what stands before every make target: `.tools/uv` (a uv of a fixed version, checked by hash) and `.venv`
(requirements/dev.txt, checked by hash, and this package, editable). Also makes the locks. Imports the
standard library alone, and reads on any Python 3 far enough to say that it is too old.

    python3 scripts/environment.py ensure     make or renew what is missing; nothing to do: 50 ms
    python3 scripts/environment.py lock       write requirements/*.txt anew, keeping versions that still fit
    python3 scripts/environment.py lock --upgrade
"""

import configparser
import datetime
import hashlib
import os
import re
import shutil
import subprocess
import sys

OLDEST = (3, 11)
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TOOLS = os.path.join(ROOT, ".tools")
UV_DIR = os.path.join(TOOLS, "uv")
UV = os.path.join(UV_DIR, "bin", "uv")
VENV = os.path.join(ROOT, ".venv")

COOL_DOWN_DAYS = 7
"""A release is locked once it is this old: most that are withdrawn are withdrawn sooner."""

LOCKS = {
    "dev": ["--extra", "train", "--group", "dev"],
    "launcher": [],
    "train": ["--extra", "train"],
    "train-cuda": ["--extra", "train", "--extra", "cuda"],
}
"""Set -> what it holds beside the package's own dependencies. The first is the constraint of the others."""

TOOL_LOCKS = {"build": ["--group", "build"], "uv": [os.path.join("requirements", "uv.in")]}
"""Sets without the package's dependencies: what builds the wheel, what installs the rest."""

PIP_TO_UV = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "cert": "SSL_CERT_FILE",
    "client-cert": "SSL_CLIENT_CERT",
    "trusted-host": "UV_INSECURE_HOST",
}
"""uv does not read pip's settings, so what this machine says of its package index is passed on."""


def main(arguments):
    """Does what the first argument says; the exit code."""
    if arguments[:1] == ["ensure"]:
        with Lock():
            ensure()
        return 0
    if arguments[:1] == ["lock"] and arguments[1:] in ([], ["--upgrade"]):
        with Lock():
            ensure_uv()
            lock(arguments[1:])
        return 0
    say("usage: environment.py ensure | lock [--upgrade]")
    return 2


def ensure():
    """Makes `.tools/uv` and `.venv`, or brings them up to date."""
    ensure_uv()
    mark = fingerprint("requirements/dev.txt", "requirements/uv.txt", text=package_part())
    stamp = os.path.join(VENV, ".stamp")
    if read(stamp) == mark:
        return
    remove(stamp)
    say("making .venv from requirements/dev.txt (2.6 GB; the first time takes minutes)")
    libraries = os.path.join(VENV, "lib", f"python{sys.version_info[0]}.{sys.version_info[1]}")
    if not os.path.isdir(libraries):
        uv("venv", "--quiet", "--clear", "--python", sys.executable, VENV)
    uv("pip", "sync", "--require-hashes", os.path.join("requirements", "dev.txt"))
    uv("pip", "install", "--no-deps", "--no-index", "--no-build-isolation", "--editable", ".")
    write(stamp, mark)


def ensure_uv():
    """Makes `.tools/uv`, in a folder of its own so that the system's Python stays as it is."""
    mark = fingerprint("requirements/uv.txt")
    stamp = os.path.join(UV_DIR, ".stamp")
    if read(stamp) == mark and os.path.exists(UV):
        return
    remove(stamp)
    shutil.rmtree(UV_DIR, ignore_errors=True)
    say("installing uv into .tools")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    pip += ["--require-hashes", "--only-binary", ":all:", "--target", UV_DIR]
    run(
        [*pip, "-r", os.path.join("requirements", "uv.txt")],
        environment=dict(os.environ, PIP_ROOT_USER_ACTION="ignore"),
    )
    write(stamp, mark)


def lock(extra):
    """Writes requirements/*.txt: for every platform and every Python from the oldest on."""
    today = datetime.datetime.now(datetime.UTC)
    newest = (today - datetime.timedelta(days=COOL_DOWN_DAYS)).strftime("%Y-%m-%d")
    compile_ = ["pip", "compile", "--quiet", "--universal", "--generate-hashes", "--no-header"]
    compile_ += ["--no-emit-index-url", "--no-emit-find-links", "--python-version", "3.11"]
    compile_ += ["--exclude-newer", newest, *extra]
    for name, parts in LOCKS.items():
        say(f"locking requirements/{name}.txt with releases up to {newest}")
        constraint = [] if name == "dev" else ["--constraint", "requirements/dev.txt", "--no-annotate"]
        uv(*compile_, *parts, *constraint, "--output-file", f"requirements/{name}.txt", "pyproject.toml")
    for name, source in TOOL_LOCKS.items():
        constraint = [] if name == "uv" else ["--constraint", "requirements/dev.txt"]
        uv(*compile_, *constraint, "--no-annotate", "--output-file", f"requirements/{name}.txt", *source)


def uv(*arguments):
    """Runs uv in the project with pip's settings of this machine; quiet unless someone watches."""
    quiet = [] if sys.stderr.isatty() or "--quiet" in arguments else ["--quiet"]
    run([UV, *arguments, *quiet], environment=uv_environment())


def uv_environment():
    """The environment of uv: this one, the project's choices, and pip's settings where uv has none."""
    environment = dict(os.environ, VIRTUAL_ENV=VENV, UV_PYTHON_DOWNLOADS="never")
    for name, value in pip_settings().items():
        variable = PIP_TO_UV.get(name)
        if variable and value:
            environment.setdefault(variable, value)
    return environment


def pip_settings():
    """Settings of pip, read as pip does: files, the more special later, then variables."""
    places = ["/etc/xdg/pip/pip.conf", "/etc/pip.conf", "~/.pip/pip.conf", "~/.config/pip/pip.conf"]
    places.append(os.path.join(sys.prefix, "pip.conf"))
    files = configparser.RawConfigParser()
    files.read([*map(os.path.expanduser, places), os.environ.get("PIP_CONFIG_FILE", os.devnull)])
    found = {}
    for section in ("global", "install"):
        found.update(files.items(section) if files.has_section(section) else [])
    for name in PIP_TO_UV:
        variable = "PIP_" + name.upper().replace("-", "_")
        found.update({name: os.environ[variable]} if variable in os.environ else {})
    # uv separates folders of wheels by commas, all else by blanks.
    return {name: ("," if name == "find-links" else " ").join(found[name].split()) for name in found}


class Lock:
    """One at a time: a second `make` in the same checkout waits for the first."""

    def __enter__(self):
        import fcntl

        os.makedirs(TOOLS, exist_ok=True)
        self._file = open(os.path.join(TOOLS, ".lock"), "w")
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_):
        self._file.close()


def fingerprint(*files, text=""):
    """Changes when one of the files, the Python or this script does."""
    digest = hashlib.sha256((sys.version + text).encode())
    for name in (*files, os.path.join("scripts", "environment.py")):
        with open(os.path.join(ROOT, name), "rb") as stream:
            digest.update(stream.read())
    return digest.hexdigest()


def package_part():
    """What an editable install depends on: the sections of pyproject.toml that are no tool's settings."""
    with open(os.path.join(ROOT, "pyproject.toml"), encoding="utf-8") as stream:
        sections = re.split(r"(?m)^(?=\[)", stream.read())
    return "".join(part for part in sections if re.match(r"\[(build-system|project|tool\.hatch)", part))


def run(command, environment):
    """Runs a command in the project; ends with its exit code, and its name, when it fails."""
    code = subprocess.call(command, cwd=ROOT, env=environment)
    if code:
        say(f"error: `{' '.join(command)}` ended with exit code {code}")
        raise SystemExit(code)


def read(path):
    """The text of a file; None when there is none."""
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read()
    except OSError:
        return None


def write(path, text):
    """Writes a file as a whole or not at all."""
    with open(path + ".new", "w", encoding="utf-8") as stream:
        stream.write(text)
    os.replace(path + ".new", path)


def remove(path):
    """Removes a file that may be there."""
    if os.path.exists(path):
        os.remove(path)


def say(text):
    """Talk goes to stderr."""
    sys.stderr.write(text + "\n")


def new_enough_python():
    """Another python3 of this machine that is new enough and starts; None if there is none."""
    paths = filter(None, [shutil.which(f"python3.{minor}") for minor in (13, 12, 11)])
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return next((path for path in paths if subprocess.call([path, "-c", ""], **quiet) == 0), None)


if __name__ == "__main__":
    if sys.version_info < OLDEST:
        other = new_enough_python()
        if other is None:
            version = sys.version.split()[0]
            say(f"error: {sys.executable} is Python {version}, and tfjob-kit needs 3.11 or newer\n")
            say("hint: install one and name it: make PYTHON=/path/to/python3.12 demo")
            raise SystemExit(2)
        os.execv(other, [other, *sys.argv])
    raise SystemExit(main(sys.argv[1:]))
