"""What ``make dist`` builds: that it is the same each time, that each thing has all it needs inside and
works alone, and that the byte-code of pvemigrate.pyz cannot be anybody else's."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from functools import lru_cache
from pathlib import Path

import pytest

import shapes

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(sys.version_info < (3, 8), reason="building takes Python 3.8 or later"),
    pytest.mark.skipif(not shutil.which("make"), reason="no make: apt-get install make"),
]
NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="other users' files are made by root only")

CHECKOUT = shapes.CHECKOUT
NODE = CHECKOUT / "examples" / "pve6-node"
NOBODY = 65534
VERSIONS = ["3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13"]
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv*", "build", "dist", "__pycache__", "_tables", "*.egg-info", ".*_cache", ".hypothesis",
    ".benchmarks")


def run(*command, **extra):
    extra.setdefault("timeout", 300)
    return subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, **extra)


def succeed(*command, **extra):
    done = run(*command, **extra)
    assert done.returncode == 0, (done.stdout + done.stderr).decode("utf-8", "replace")[-3000:]
    return done.stdout


# -- building --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tools(tmp_path_factory):
    """The pinned tools, fetched once."""
    return tmp_path_factory.mktemp("tools") / "tools"


def make_dist(source, checkout, tools, **environment):
    shutil.copytree(str(source), str(checkout), ignore=LEFT_OUT, symlinks=True)
    done = run("make", "dist", "PYTHON=%s %s" % (sys.executable, "-B"), cwd=str(checkout),
               env=dict(os.environ, SOURCE_DATE_EPOCH="1700000000", DIST_TOOLS=str(tools), **environment))
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    if done.returncode and "pip" in said and ("No matching distribution" in said or "Connection" in said):
        pytest.skip("pip cannot fetch what is pinned in distribution/: %s" % said[-300:])
    assert done.returncode == 0, said[-3000:]
    return checkout / "dist"


@pytest.fixture(scope="module")
def dist(tools, tmp_path_factory):
    return make_dist(CHECKOUT, tmp_path_factory.mktemp("first") / "checkout", tools)


@pytest.fixture(scope="module")
def pyz(dist):
    return dist / "pvemigrate.pyz"


def one(dist, pattern):
    found, = dist.glob(pattern)
    return found


def test_the_same_sources_make_the_same_bytes(dist, tools, tmp_path):
    """In another place, for a user with other habits, on another day."""
    before = os.umask(0o077)
    try:
        again = make_dist(dist.parent, tmp_path / "another place", tools, TZ="Asia/Tokyo", PYTHONHASHSEED="7")
    finally:
        os.umask(before)
    names = sorted(path.name for path in dist.iterdir())
    assert len(names) == 5
    for name in names:
        assert (dist / name).read_bytes() == (again / name).read_bytes(), name
    listed = dict(reversed(line.split()) for line in (dist / "SHA256SUMS").read_text().splitlines())
    assert sorted(listed) == sorted(set(names) - {"SHA256SUMS"})
    for name, digest in listed.items():
        assert hashlib.sha256((dist / name).read_bytes()).hexdigest() == digest


def test_the_sdist_builds_the_same_wheel(dist, tools, tmp_path):
    with tarfile.open(str(one(dist, "*.tar.gz"))) as archive:
        archive.extractall(str(tmp_path))
    unpacked, = tmp_path.iterdir()
    succeed(tools / "bin" / "python", "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path,
            cwd=str(unpacked), env=dict(os.environ, SOURCE_DATE_EPOCH="1700000000"))
    wheel = one(dist, "*.whl")
    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()


def test_the_wheel_brings_the_man_page_and_completions(dist):
    with zipfile.ZipFile(str(one(dist, "*.whl"))) as wheel:
        shared = {name.partition(".data/data/")[2] for name in wheel.namelist() if ".data/" in name}
    assert shared == {
        "share/man/man1/pvemigrate.1", "share/bash-completion/completions/pvemigrate",
        "share/zsh/site-functions/_pvemigrate", "share/fish/vendor_completions.d/pvemigrate.fish"}


# -- pvemigrate.pyz: what is in it -----------------------------------------------------------------------


def contents(path):
    with zipfile.ZipFile(str(path)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_pyz_is_made_of_the_wheels_as_they_are(dist, pyz, tools):
    files = contents(pyz)
    wheels = [one(dist, "*.whl"), *sorted((tools / "wheels").glob("*.whl"))]
    assert [path.name.split("-")[0] for path in wheels] == ["pvemigrate", "asn1crypto", "click", "tomli"]
    for wheel in wheels:
        for name, data in contents(wheel).items():
            if ".dist-info/" not in name and ".data/" not in name:
                assert files.pop(name) == data, name
    assert sorted(files) == ["LICENSES", "__main__.py", "pvemigrate_cache.py", "pvemigrate_compile.py"]
    assert os.access(str(pyz), os.X_OK)


def test_licences_are_listed_in_full(pyz, dist, tools):
    text = contents(pyz)["LICENSES"].decode("utf-8")
    for wheel in [one(dist, "*.whl"), *(tools / "wheels").glob("*.whl")]:
        name, version = wheel.name.split("-")[:2]
        assert "* %s %s (" % (name, version) in text
        licence, = [data for path, data in contents(wheel).items()
                    if ".dist-info/" in path and "LICENSE" in path]
        assert licence.decode("utf-8").replace("\r\n", "\n").strip() in text


# -- pvemigrate.pyz: that it works -----------------------------------------------------------------------


def bare(**environment):
    """An environment in which nothing but what is given can help, or be written to by mistake."""
    return dict({"PATH": "/usr/bin:/bin", "PVEMIGRATE_CACHE": ""}, **environment)


@lru_cache(maxsize=None)
def python_of(version):
    """An interpreter of that version, of those that this machine has, or None."""
    if version == "%d.%d" % sys.version_info[:2]:
        return sys.executable
    own = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for path in [shutil.which("python" + version), *sorted(own.glob("versions/%s.*/bin/python" % version))]:
        if path is not None:
            asked = run(path, "-c", "import sys, zlib; print('%d.%d' % sys.version_info[:2])")
            if asked.stdout.decode().strip() == version:
                return str(path)
    return None


def need_python(version):
    python = python_of(version)
    if python is None:
        pytest.skip("no Python %s here (looked for python%s and in ~/.pyenv)" % (version, version))
    return python


@pytest.mark.parametrize("version", VERSIONS)
def test_the_pyz_alone_does_what_the_command_does(pyz, tmp_path, version):
    """With -S there is no other package to import, lark least of all. From the archive, then from the
    byte-code of a first run, then again."""
    python = need_python(version)
    diff = (CHECKOUT / "tests/data/pve6-node.diff").read_bytes()
    cache = tmp_path / "cache"
    for environment in (bare(), bare(PVEMIGRATE_CACHE=str(cache)), bare(PVEMIGRATE_CACHE=str(cache))):
        done = run(python, "-S", pyz, "fix", "--diff", "--quiet", "--root", NODE, env=environment)
        assert (done.returncode, done.stdout, done.stderr) == (1, diff, b"")
    assert len(list(cache.iterdir())) == 1


@pytest.mark.parametrize("arguments", [
    ["--help"], ["rules", "--output-format", "json"], ["explain", "SYS009"],
    ["check", "--output-format", "json", "--root", NODE], ["parse", NODE / "etc/pve/storage.cfg"]])
def test_the_pyz_says_what_the_package_says(pyz, arguments):
    package = run(sys.executable, "-c", "import sys; from pvemigrate.__main__ import main\n"
                  "sys.argv[0] = 'pvemigrate.pyz'; main()", *arguments, env=bare())
    archive = run(sys.executable, "-IS", pyz, *arguments, env=bare())
    assert archive.stdout and not archive.stderr.startswith(b"Traceback")
    assert (archive.returncode, archive.stdout, archive.stderr) == (
        package.returncode, package.stdout, package.stderr)


def test_certificates_are_read_with_what_is_inside(pyz, tmp_path):
    shutil.copytree(str(NODE), str(tmp_path / "node"))
    (tmp_path / "node/etc/pve/pve-root-ca.pem").write_bytes(
        b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n")
    done = run(sys.executable, "-IS", pyz, "check", "--root", tmp_path / "node", "--select", "SYS009",
               "--output-format", "concise", env=bare())
    assert b"SYS009" in done.stdout and b"Error" not in done.stderr
    assert done.returncode == 1


def test_the_pyz_is_a_program(pyz, tmp_path):
    (tmp_path / "python3").symlink_to(sys.executable)
    done = run(pyz, "--version", env=bare(PATH=str(tmp_path)))
    assert done.stdout.startswith(b"pvemigrate ") and done.returncode == 0
    assert run(pyz, "check", "/nowhere", env=bare(PATH="%s:/usr/bin" % tmp_path)).returncode == 2


@pytest.mark.parametrize("version", ["2.7", "3.6"])
def test_pythons_that_are_too_old_are_told_so(pyz, version):
    """On a node with Proxmox VE 6, ``python`` is Python 2."""
    done = run(need_python(version), pyz, "check", env=bare())
    assert done.returncode == 2
    assert done.stderr.decode() == ("error: pvemigrate needs Python 3.7 or later, and this is %s; try "
                                    "python3\n" % version)


# -- pvemigrate.pyz: its byte-code -----------------------------------------------------------------------


@pytest.fixture
def place(tmp_path):
    """A folder on whose way nobody else can change anything but what is his (pytest's own is in /tmp)."""
    return tmp_path.resolve()


#: Runs an archive as Python does, and says where the command was imported from. (Where it is traced,
#: the command ends as others do, and not at once.)
WHERE = """import runpy, sys
sys.settrace(lambda *event: None)
sys.argv[:] = [sys.argv[1], "--version"]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
finally:
    print(sys.modules["pvemigrate.cli"].__file__)"""


def version(pyz, cache, python=sys.executable, **environment):
    """Run the archive; whether it ran on byte-code that was there before or has just been made."""
    said = succeed(python, "-S", "-c", WHERE, pyz, env=bare(PVEMIGRATE_CACHE=str(cache), **environment))
    first, path = said.decode().splitlines()
    assert first.startswith("pvemigrate ")
    return path.startswith("%s/" % cache) and path.endswith(".pyc")


def test_byte_code_is_one_private_file(pyz, place):
    assert version(pyz, place / "cache")
    file, = (place / "cache").iterdir()
    assert (place / "cache").stat().st_mode & 0o7777 == 0o700
    assert file.stat().st_mode & 0o7777 == 0o600
    before = file.stat()
    assert version(pyz, place / "cache")
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert all(name.endswith(".pyc") for name in contents(file)
               if not name.endswith((".lark", ".json", ".typed", "LICENSES")))


def test_the_usual_places(pyz, place):
    """$XDG_CACHE_HOME, else ~/.cache, made with the modes that the specification wants."""
    for environment, folder in (({"HOME": str(place)}, place / ".cache"),
                                ({"HOME": "/nowhere", "XDG_CACHE_HOME": str(place / "xdg")}, place / "xdg")):
        succeed(sys.executable, "-S", pyz, "--version", env=dict(environment, PATH="/usr/bin:/bin"))
        assert folder.stat().st_mode & 0o7777 == 0o700
        assert [path.name for path in folder.iterdir()] == ["pvemigrate"]
        assert len(list((folder / "pvemigrate").iterdir())) == 1


def test_a_umask_does_not_open_it_and_dont_write_bytecode_does_not_slow_it(pyz, place):
    before = os.umask(0)
    try:
        assert version(pyz, place / "cache", PYTHONDONTWRITEBYTECODE="1")
    finally:
        os.umask(before)
    file, = (place / "cache").iterdir()
    assert [path.stat().st_mode & 0o7777 for path in (place / "cache", file)] == [0o700, 0o600]


def test_each_python_has_its_own(pyz, place):
    """A node's Python changes from 3.7 to 3.9 while the file and its byte-code stay."""
    before, after = need_python("3.7"), need_python("3.9")
    for python in (before, after, before, after):
        assert version(pyz, place / "cache", python)
    assert len(list((place / "cache").iterdir())) == 2


def test_first_runs_at_the_same_time(pyz, place):
    running = [subprocess.Popen([sys.executable, "-S", str(pyz), "--version"], stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, env=bare(PVEMIGRATE_CACHE=str(place / "cache")))
               for _ in range(6)]
    for process in running:
        said, _ = process.communicate(timeout=120)
        assert process.returncode == 0 and said.startswith(b"pvemigrate "), said
    assert len(list((place / "cache").iterdir())) == 1
    assert version(pyz, place / "cache")


def test_killed_while_it_is_written(pyz, place):
    process = subprocess.Popen([sys.executable, "-S", str(pyz), "--version"], stdout=subprocess.DEVNULL,
                               env=bare(PVEMIGRATE_CACHE=str(place / "cache")))
    while process.poll() is None and not list(place.glob("cache/.new-*")):
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    left = list(place.glob("cache/.new-*"))
    assert len(left) == 1 and len(list(place.glob("cache/*.zip"))) == 0
    os.utime(str(left[0]), (1, 1))
    assert version(pyz, place / "cache")
    assert [path.suffix for path in (place / "cache").iterdir()] == [".zip"], "and what was left is gone"


def test_no_space(pyz, place):
    """A file cannot become large enough: nothing is left, and the command runs."""
    done = run("bash", "-c", "ulimit -f 100; exec \"$@\"", "bash", sys.executable, "-S", pyz, "--version",
               env=bare(PVEMIGRATE_CACHE=str(place / "cache")))
    assert (done.returncode, done.stdout[:11]) == (0, b"pvemigrate "), done.stderr
    assert list((place / "cache").iterdir()) == []


DAMAGE = {
    "empty": lambda data: b"",
    "cut": lambda data: data[:len(data) // 2],
    "zeros": lambda data: bytes(len(data)),
    "no zip": lambda data: b"import os\n",
}


@pytest.mark.parametrize("damage", sorted(DAMAGE))
def test_damaged_byte_code_is_made_anew(pyz, place, damage):
    assert version(pyz, place / "cache")
    file, = (place / "cache").iterdir()
    whole = file.read_bytes()
    file.write_bytes(DAMAGE[damage](whole))
    assert version(pyz, place / "cache")
    assert file.read_bytes() == whole


def planted(path):
    """Byte-code of somebody who means harm."""
    with zipfile.ZipFile(str(path), "w") as archive:
        archive.writestr("pvemigrate/__init__.py", "")
        archive.writestr("pvemigrate/__main__.py", "def main(): print('pvemigrate 0 has been replaced')")


def runs_unharmed(pyz, cache, **extra):
    done = run(sys.executable, "-S", pyz, "--version", env=bare(PVEMIGRATE_CACHE=str(cache)), **extra)
    assert done.returncode == 0 and done.stderr == b""
    return b"replaced" not in done.stdout


def test_a_planted_file_would_be_run_if_it_passed_for_ours(pyz, place):
    """What the tests below rely on: it is the checks that keep it from running, and not its form."""
    assert runs_unharmed(pyz, place / "cache")
    file, = (place / "cache").iterdir()
    planted(file)
    file.chmod(0o600)
    assert not runs_unharmed(pyz, place / "cache")


@NEEDS_ROOT
@pytest.mark.parametrize("how", [
    "file is another's", "file is open", "folder is another's", "folder is open", "folder above is another's",
    "folder above is open", "file is a link", "folder is a link"])
def test_what_others_can_have_prepared_is_not_run(pyz, place, how):
    cache = place / "above" / "cache"
    cache.parent.mkdir(mode=0o755)
    assert runs_unharmed(pyz, cache)
    file, = cache.iterdir()
    planted(file)
    file.chmod(0o600)
    if how == "file is another's":
        os.chown(str(file), NOBODY, NOBODY)
    elif how == "file is open":
        file.chmod(0o620)
    elif how == "folder is another's":
        os.chown(str(cache), NOBODY, NOBODY)
    elif how == "folder is open":
        cache.chmod(0o770)
    elif how == "folder above is another's":
        os.chown(str(cache.parent), NOBODY, NOBODY)
    elif how == "folder above is open":
        cache.parent.chmod(0o777)
    elif how == "file is a link":
        file.rename(cache / "x")
        file.symlink_to("x")
    else:
        # The way is looked at without links, so what counts is where the link leads to.
        cache.rename(place / "theirs")
        os.chown(str(place / "theirs"), NOBODY, NOBODY)
        cache.symlink_to(place / "theirs")
    assert runs_unharmed(pyz, cache)
    assert runs_unharmed(pyz, cache)


def test_a_folder_that_was_open_is_closed_and_its_byte_code_made_anew(pyz, place):
    assert version(pyz, place / "cache")
    file, = (place / "cache").iterdir()
    whole = file.read_bytes()
    file.write_bytes(b"")
    (place / "cache").chmod(0o777)
    assert version(pyz, place / "cache")
    assert (place / "cache").stat().st_mode & 0o7777 == 0o700
    assert file.read_bytes() == whole


@NEEDS_ROOT
@pytest.mark.parametrize("environment", [
    {}, {"HOME": "{}"}, {"HOME": "/nowhere"}, {"HOME": "relative"}, {"XDG_CACHE_HOME": "{}/x", "HOME": "{}"},
    {"PVEMIGRATE_CACHE": "{}/x"}, {"PVEMIGRATE_CACHE": "relative"}, {"PVEMIGRATE_CACHE": ""},
    {"PVEMIGRATE_CACHE": "/dev/null"}], ids=str)
def test_nowhere_to_write(pyz, place, environment):
    """A user without a home, or with one that cannot be written to: it runs and leaves nothing."""
    shutil.copy(str(pyz), str(place))
    python = python_for_nobody(place)
    place.chmod(0o555)
    try:
        done = run(python, "-S", place / pyz.name, "--version", cwd=str(place),
                   env={name: value.format(place) for name, value in environment.items()},
                   preexec_fn=become_nobody)
        assert done.returncode == 0 and done.stdout.startswith(b"pvemigrate "), done.stderr
        assert done.stderr == b""
        assert sorted(path.name for path in place.iterdir()) == [pyz.name]
    finally:
        place.chmod(0o755)


def become_nobody():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def python_for_nobody(folder):
    """Let other users come to *folder*; a Python that they can run."""
    for path in [folder, *folder.parents]:
        if path.stat().st_uid == os.geteuid() and "pytest" in str(path):
            path.chmod(path.stat().st_mode | 0o055)
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            succeed(python, "-S", "-c", "open(%r).close()" % str(folder / "pvemigrate.pyz"),
                    preexec_fn=become_nobody)
            return python
        except (OSError, AssertionError):
            continue
    pytest.skip("other users can run neither %s nor /usr/bin/python3, or cannot come to %s" % (
        sys.executable, folder))


# -- the Debian package ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def deb(dist):
    return one(dist, "*.deb")


@pytest.fixture(scope="module")
def tree(deb, tmp_path_factory):
    """The package, unpacked, with its control files in DEBIAN/."""
    folder = tmp_path_factory.mktemp("deb") / "tree"
    succeed("dpkg-deb", "-R", deb, folder)
    return folder


NEEDS_DPKG = pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="no dpkg-deb: apt-get install dpkg")


@NEEDS_DPKG
def test_the_package_has_each_thing_in_its_place(tree, pyz):
    files = {path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file()}
    own = {name for name in files if not name.startswith(("usr/share/pvemigrate/", "DEBIAN/"))}
    assert own == {
        "usr/bin/pvemigrate", "usr/share/man/man1/pvemigrate.1.gz",
        "usr/share/bash-completion/completions/pvemigrate", "usr/share/zsh/vendor-completions/_pvemigrate",
        "usr/share/fish/vendor_completions.d/pvemigrate.fish", "usr/share/doc/pvemigrate/copyright",
        "usr/share/doc/pvemigrate/changelog.gz", "usr/share/doc/pvemigrate/changelog.Debian.gz",
        "usr/share/lintian/overrides/pvemigrate", "usr/share/python3/runtime.d/pvemigrate.rtupdate"}
    # The same modules as in the .pyz, and no others.
    inside = {"usr/share/pvemigrate/" + name for name in contents(pyz) if "/" in name}
    assert {name for name in files if name.startswith("usr/share/pvemigrate/")} == inside
    sums = dict(reversed(line.split("  ")) for line in (tree / "DEBIAN/md5sums").read_text().splitlines())
    assert sorted(sums) == sorted(name for name in files if not name.startswith("DEBIAN/"))
    for name, digest in sums.items():
        assert hashlib.md5((tree / name).read_bytes()).hexdigest() == digest  # noqa: S324


@NEEDS_DPKG
def test_the_copyright_file_has_every_vendored_package(tree):
    text = (tree / "usr/share/doc/pvemigrate/copyright").read_text()
    folders = [path.name for path in (tree / "usr/share/pvemigrate").iterdir()]
    assert sorted(folders) == ["asn1crypto", "click", "pvemigrate", "tomli"]
    for name in set(folders) - {"pvemigrate"}:
        assert "\nFiles: usr/share/pvemigrate/%s/*\nCopyright: 2" % name in text
    named = {line.partition(" ")[2] for line in text.splitlines() if line.startswith("License: ")}
    for name in named:
        assert ("License: %s\n " % name) in text, "the text of the licence %s" % name


@NEEDS_DPKG
@pytest.mark.skipif(not shutil.which("lintian"), reason="no lintian: apt-get install lintian")
def test_lintian_finds_nothing(deb, tmp_path):
    done = run("lintian", "--pedantic", "--display-info", "--fail-on", "error,warning,info,pedantic", deb,
               env=dict(os.environ, LC_ALL="C.UTF-8", TMPDIR=str(tmp_path)))
    found = [line for line in done.stdout.decode().splitlines() if line and not line.startswith("N:")]
    assert (found, done.returncode) == ([], 0), done.stderr.decode()


#: Runs in a copy of this system that is forgotten when it ends: the root below, what is changed above, in
#: memory. $1 is the package, $2 an example node.
INSTALLATION = r"""
set -eu
work=$(mktemp -d)
mount -t tmpfs tmpfs "$work"
mkdir "$work/changed" "$work/work" "$work/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/changed,workdir=$work/work" "$work/root" || exit 77
mount --rbind /dev "$work/root/dev"
mount -t proc proc "$work/root/proc"
mount -t tmpfs tmpfs "$work/root/mnt"
cp "$1" "$work/root/mnt/pvemigrate.deb"
cp -a "$2" "$work/root/mnt/node"
cat >"$work/root/mnt/inside" <<'EOF'
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/nonexistent
cd /
changes() { find usr/bin/pvemigrate usr/share/pvemigrate var/lib/pvemigrate 2>/dev/null || true; }
compiled() { find /usr/share/pvemigrate -name '*.pyc' | wc -l; }
echo "== before"; changes
dpkg --no-triggers -i /mnt/pvemigrate.deb >/mnt/log 2>&1 || { cat /mnt/log; exit 1; }
echo "== installed"
dpkg --verify pvemigrate
echo "modules without byte-code: $(( $(find /usr/share/pvemigrate -name '*.py' | wc -l) - $(compiled) ))"
cd /mnt
pvemigrate --version
pvemigrate fix --diff --quiet --root /mnt/node >/mnt/diff || echo "diff: $?"
cksum </mnt/diff
setpriv --reuid=65534 --regid=65534 --clear-groups pvemigrate check --quiet --root /mnt/node >/mnt/found ||
  echo "check as another user: $?"
# Nobody else's modules: not from the environment, and not from the folder that one happens to be in.
mkdir /mnt/click && echo 'raise SystemExit("wrong click")' >/mnt/click/__init__.py
PYTHONPATH=/mnt pvemigrate --version
pvemigrate fix --quiet --root /mnt/node >/dev/null || echo "fix: $?"
pvemigrate rollback --root /mnt/node --list | wc -l
echo "== another Python"
find /usr/share/pvemigrate -name '*.pyc' -delete
/usr/share/python3/runtime.d/pvemigrate.rtupdate rtupdate python3.9 python3.11
echo "modules without byte-code: $(( $(find /usr/share/pvemigrate -name '*.py' | wc -l) - $(compiled) ))"
mkdir -p /var/lib/pvemigrate/runs
echo "== again"
dpkg --no-triggers -i /mnt/pvemigrate.deb >/mnt/log 2>&1 || { cat /mnt/log; exit 1; }
pvemigrate --version
echo "== removed"
dpkg --no-triggers -r pvemigrate >/mnt/log 2>&1 || { cat /mnt/log; exit 1; }
cd /
changes
echo "== purged"
dpkg --no-triggers -P pvemigrate >/mnt/log 2>&1 || { cat /mnt/log; exit 1; }
cd /
changes
EOF
chroot "$work/root" sh /mnt/inside
echo "== left"
cd "$work/changed" && find . ! -type d | sort
"""


@NEEDS_DPKG
@NEEDS_ROOT
def test_the_package_is_installed_works_and_goes_without_a_trace(deb, tmp_path):
    if not Path("/usr/bin/py3compile").exists():
        pytest.skip("no Python of Debian's here: apt-get install python3")
    done = run("unshare", "--mount", "--propagation", "private", "sh", "-c", INSTALLATION, "sh", deb, NODE)
    if done.returncode == 77 or b"unshare failed" in done.stderr:
        pytest.skip("no overlay file system over / can be mounted here: %s"
                    % done.stderr.decode("utf-8", "replace").strip())
    said = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0, said + done.stderr.decode("utf-8", "replace")
    parts = dict(part.partition("\n")[::2] for part in said.split("== ")[1:])
    diff = tmp_path / "diff"
    diff.write_bytes((CHECKOUT / "tests/data/pve6-node.diff").read_bytes())
    sum_of_diff = succeed("sh", "-c", "cksum <%s" % diff).decode()
    number = pvemigrate_version()
    assert parts["before"] == ""
    assert parts["installed"] == (
        "modules without byte-code: 0\npvemigrate %s\ndiff: 1\n%scheck as another user: 1\npvemigrate %s\n"
        "fix: 1\n1\n" % (number, sum_of_diff, number))
    assert parts["another Python"] == "modules without byte-code: 0\n"
    assert parts["again"] == "pvemigrate %s\n" % number
    assert parts["removed"].split() == ["var/lib/pvemigrate", "var/lib/pvemigrate/runs"]
    assert parts["purged"] == ""
    left = [line for line in parts["left"].splitlines()
            if not line.startswith(("./var/lib/dpkg/", "./var/log/dpkg.log"))]
    assert left == []
    assert not Path("/usr/share/pvemigrate").exists() or shutil.which("pvemigrate") == "/usr/bin/pvemigrate"


def pvemigrate_version():
    import pvemigrate

    return pvemigrate.__version__
