"""The kernel's command line as grub's shell and the kernel read it."""

import subprocess

import pytest

from pvemigrate import Project
from pvemigrate.ruleset._kernel_cmdline import parameters


def read(tmp_path, files):
    for path, text in files.items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode("utf-8"))
    return parameters(Project(tmp_path).scope)


def shown(found):
    return [parameter.name if parameter.value is None else
            "%s=%s" % (parameter.name, parameter.value) for parameter in found]


@pytest.mark.parametrize("text, expected", [
    ("root=ZFS=rpool/ROOT/pve-1 boot=zfs quiet\n", ["root=ZFS=rpool/ROOT/pve-1", "boot=zfs", "quiet"]),
    ("a\t b \r\n", ["a", "b"]),
    ("kvm.tdp-mmu=N", ["kvm.tdp_mmu=N"]),
    ('x="a b" "y=c d" z="', ["x=a b", "y=c d", "z="]),
    ("first\nsecond\n", ["first"]),
    ("\nsecond\n", []),
    ("", []),
])
def test_of_kernel_cmdline_the_first_line_counts(tmp_path, text, expected):
    assert shown(read(tmp_path, {"etc/kernel/cmdline": text})) == expected


GRUB = [
    {"": "GRUB_CMDLINE_LINUX_DEFAULT='quiet'\nGRUB_CMDLINE_LINUX=\"root=ZFS=rpool/ROOT/pve-1 boot=zfs\"\n"},
    {"": "GRUB_CMDLINE_LINUX_DEFAULT=quiet\nGRUB_CMDLINE_LINUX_DEFAULT=\"a b\"\n"},
    {"": "GRUB_CMDLINE_LINUX=\"a b=c\"\n", "x.cfg": "GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX d\"\n",
     "y.cfg": "GRUB_CMDLINE_LINUX=\"e ${GRUB_CMDLINE_LINUX}\"\nX=1\n"},
    {"": "X='a b'\nGRUB_CMDLINE_LINUX=\"$X c\" # d\n#GRUB_CMDLINE_LINUX=no\nexport GRUB_CMDLINE_LINUX\n"},
    {"": "GRUB_DISTRIBUTOR=`true 2> /dev/null || echo Debian`\nexport GRUB_CMDLINE_LINUX=a\\ b=c\n"},
    {"": "GRUB_CMDLINE_LINUX=\"\"\nGRUB_CMDLINE_LINUX_DEFAULT=\n"},
    {"": "GRUB_CMDLINE_LINUX=a'b c'\"d e\"f\n"},
]


@pytest.mark.parametrize("files", GRUB, ids=range(len(GRUB)))
def test_grub_files_are_read_as_sh_reads_them(tmp_path, files):
    found = read(tmp_path, {"etc/default/grub" + (name and ".d/") + name: text
                            for name, text in files.items()})
    order = sorted(files, key=lambda name: (bool(name), name))
    script = "".join(". ./etc/default/grub%s%s\n" % (name and ".d/", name) for name in order)
    output = subprocess.run(["sh", "-ec", script + 'printf "%s %s" "$GRUB_CMDLINE_LINUX" '
                             '"$GRUB_CMDLINE_LINUX_DEFAULT"'], cwd=str(tmp_path), check=True,
                            stdout=subprocess.PIPE).stdout.decode()
    assert shown(found) == output.split()
    for parameter in found:
        assert parameter.file.tree.code[slice(*parameter.file.tree.span(parameter.token))] \
            == parameter.token


@pytest.mark.parametrize("text, expected, is_plain", [
    # What sh reads over several lines is looked at, and not for a fix to take apart.
    ('GRUB_CMDLINE_LINUX="a \\\n  b"\nGRUB_CMDLINE_LINUX_DEFAULT="c"\n', ["a", "b", "c"], False),
    ('GRUB_CMDLINE_LINUX="a\nb"\nX=c\n', ["a", "b"], False),
    ('if true; then GRUB_CMDLINE_LINUX="a b"; fi\n', ["a", "b", "fi"], False),
    ('GRUB_CMDLINE_LINUX="a"\nGRUB_CMDLINE_LINUX+=" b"\n', ["a", "b"], True),
    ('GRUB_CMDLINE_LINUX="a=\\"b c\\" d"\n', ["a=b c", "d"], None),
    ('GRUB_CMDLINE_LINUX="a `x "y z"` b"\n', ["a", "b"], None),
    ('GRUB_CMDLINE_LINUX="$X$Y ${Z:-c} a"\n', ["${Z:_c}", "a"], None),
])
def test_what_takes_more_than_a_look(tmp_path, text, expected, is_plain):
    found = read(tmp_path, {"etc/default/grub": text})
    assert shown(found) == expected
    if is_plain is not None:
        assert {parameter.is_plain for parameter in found} == {is_plain}
    else:
        assert [parameter.is_plain for parameter in found if parameter.name in "abd" and
                parameter.value is None] == [True] * sum(e in "abd" for e in expected)


def test_the_quoted_and_the_glued_are_not_plain(tmp_path):
    found = read(tmp_path, {"etc/default/grub": 'A=x\nGRUB_CMDLINE_LINUX="a=\\"b\\" c${A}d e"\n'
                                                'GRUB_CMDLINE_LINUX_DEFAULT=k"l"\n'})
    assert [(parameter.name, parameter.is_plain) for parameter in found] == [
        ("a", False), ("c", False), ("x", True), ("d", False), ("e", True), ("kl", False)]


def test_a_variable_that_grows_line_by_line_ends(tmp_path):
    doubled = 'A="a b"\n' + 'A="$A $A"\n' * 60 + "GRUB_CMDLINE_LINUX=$A\n"
    grown = 'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX a=b"\n' * 20000
    found = read(tmp_path, {"etc/default/grub": doubled + grown})
    assert found[-1].name == "a" and len(found) <= 2100


def test_behind_two_dashes_the_kernel_does_not_look(tmp_path):
    found = read(tmp_path, {"etc/kernel/cmdline": "a -- b\n"})
    assert [parameter.is_for_init for parameter in found] == [False, True, True]
