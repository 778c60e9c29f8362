"""jobs.cfg and notifications.cfg as their readers take them; what storages on other clusters have in
etc/pve/priv/ceph, and that none of it is shown."""

import random

import pytest
from perl_reader import ask, hexed, needs_perl

import invariants
import nodes
import pvemigrate
import shapes
from pvemigrate import Project
from pvemigrate.cst import Line
from pvemigrate.formats import decode, jobs, notifications, storage

EXTERNAL = "rbd: far\n\tmonhost 203.0.113.9\n\tpool a\n"
CONF = "etc/pve/priv/ceph/far.conf"
KEYRING = "etc/pve/priv/ceph/far.keyring"
SECRET = "AQ" + "Zz09+/" * 6 + "A=="


def read(text):
    return jobs.jobs(pvemigrate.parse(text, kind="jobs"))


# -- jobs.cfg ----------------------------------------------------------------------------------------


def test_a_job_has_the_lines_of_its_section():
    job, other = read("# c\nvzdump: backup-1\n\tschedule sun 01:00\n  comment a  b \n\n"
                      "realm-sync: r1\n\trealm ldap\n\n\tstray 1\n")
    assert (job.type, job.id, job.is_doubtful) == ("vzdump", "backup-1", False)
    assert [(line.key, line.value) for line in job.properties] == [
        ("schedule", "sun 01:00"), ("comment", "a  b")]
    assert job.lines("comment")[0].value == "a  b" and job.lines("x") == []
    assert (other.type, other.id) == ("realm-sync", "r1")


def test_of_equal_ids_the_last_counts_and_an_id_begins_with_a_letter():
    found = read("vzdump: ab\n\tx 1\n\nvzdump: 1a\n\nvzdump: a\n\nvzdump: a.b\n\nvzdump: cd\n\nvzdump: ab\n\tx 2\n")
    assert [(job.id, str(job.lines("x")[0].value) if job.properties else None) for job in found] == [
        ("cd", None), ("ab", "2")]


@pytest.mark.parametrize("line, is_doubtful", [
    (" ", False), ("# vzdump: b", False), ("vzdump: bb", True), ("junk", True), ("\tvzdump: bb", True),
    ("maxfiles: 3", True), ("\tcomment vzdump: bb", False)])
def test_what_makes_it_doubtful_whose_a_property_is(line, is_doubtful):
    job, = read("vzdump: aa\n\tx 1\n%s\n\ty 2\n" % line)
    assert job.is_doubtful is is_doubtful


def kinds(text):
    """What each line of a text becomes, in the words of tests/perl/sectionconfig.pl."""
    tree = pvemigrate.parse(text, kind="jobs")
    swallowed = {id(node.header) for node in tree.walk() if isinstance(node, storage.Swallowed)}
    orphans = {id(line) for node in tree.body if isinstance(node, storage.Orphan) for line in node.walk()}
    found = []
    for node in tree.walk():
        if not isinstance(node, Line):
            continue
        if isinstance(node, storage.SectionHeader) and id(node) not in swallowed:
            found.append("section:%s:%s" % (hexed(node.type), hexed(node.id)))
        elif isinstance(node, storage.Property) and id(node) not in orphans:
            found.append("property:%s:%s" % (hexed(node.key), hexed(node.value) or "-"))
        else:
            found.append({storage.Comment: "comment", storage.Separator: "separator"}.get(type(node), "ignored"))
    return " ".join(found[:len(text.rstrip("\n").split("\n")) if text.strip("\n") else 0])


@needs_perl
def test_lines_as_perl_reads_them():
    rnd = random.Random(22)
    samples = [shapes.text("jobs", rnd) for _ in range(1500)]
    answers = ask("sectionconfig", [("lines", pvemigrate.parse(text, "jobs").bytes) for text in samples])
    for text, answer in zip(samples, answers):
        assert kinds(decode(pvemigrate.parse(text, "jobs").bytes)) == answer, repr(text)


def test_what_a_job_keeps_is_what_it_kept():
    """Up to Proxmox VE 8 the first maxfiles from 1 counts, and a prune-backups beside it is an error."""
    text = "vzdump: aa\n\tmaxfiles 0\n\tmaxfiles 03\n\tmaxfiles 5\n\tprune-backups keep-last=1, keep-daily=2\n"
    fixed = pvemigrate.fix(text, kind="jobs", hop="8to9", phases="all")
    assert fixed.code == "vzdump: aa\n\tprune-backups keep-last=3\n\tprune-backups keep-last=1, keep-daily=2\n"


# -- notifications.cfg ---------------------------------------------------------------------------------


@pytest.mark.parametrize("line, kind", [
    ("sendmail: a", "SectionHeader"), ("group:a", "SectionHeader"), ("group : a b ", "SectionHeader"),
    ("matcher:", "SectionHeader"), ("1x: a", "Malformed"), (": a", "Malformed"), ("junk", "Malformed"),
    ("# c", "Comment"), ("\tmode all", "Property"), (" filter: x", "Property"), ("\tbare", "Malformed"),
    ("", "Blank"), (" \t", "Blank"), ("\r", "Blank")])
def test_lines_of_notifications(line, kind):
    tree = pvemigrate.parse(line + "\n", kind="notifications")
    assert [type(node).__name__ for node in tree.walk() if isinstance(node, Line)] == [kind]


def test_a_line_of_blanks_ends_a_section_of_notifications():
    tree = pvemigrate.parse("group: a\n\tendpoint x\n \t\nmatcher: b\n\tmode all\n", kind="notifications")
    assert [(str(node.type), str(node.id), len(node.body)) for node in tree.body] == [
        ("group", "a", 2), ("matcher", "b", 1)]
    assert all(isinstance(node, notifications.Section) for node in tree.body)


# -- etc/pve/priv/ceph -----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [
    "[global]\n\tkey = %s\n", "# %s\n[global]\n\tmon_host = 203.0.113.9\n", "[global]\n\tx = y ; %s\n",
    "[client.admin]\n\tkey = %s\n[global]\n\tx = y\n", "[global]\n\trgw_keystone_admin_password = %s\n",
    "[global]\n\tx = %s\n", "%s\n", "[%s]\n\tx = y\n"])
def test_no_output_shows_a_secret(text, tmp_path):
    nodes.write_tree(tmp_path, {"etc/pve/storage.cfg": EXTERNAL, KEYRING: "[client.admin]\n\tkey = %s\n" % SECRET,
                                CONF: text % SECRET})
    project = Project(tmp_path, hop="8to9", phases="all", unsafe_fixes=True)
    findings = project.check()
    assert [finding.code for finding in findings if finding.code == "STO010"] == ["STO010"]
    plan = Project(tmp_path, hop="8to9", phases="all", unsafe_fixes=True).fix()
    shown = plan.diff() + repr(findings) + repr(plan.findings) + repr(
        [(finding.message, finding.title, finding.edits) for finding in findings])
    assert SECRET not in shown and plan.changes == []


@pytest.mark.parametrize("form", ["text", "json", "html", "sarif", "github"])
def test_no_form_of_output_shows_a_secret(form, tmp_path):
    nodes.write_tree(tmp_path, {"etc/pve/storage.cfg": EXTERNAL, KEYRING: "[client.admin]\n\tkey = %s\n" % SECRET,
                                CONF: "[global]\n\tkey = %s\n" % SECRET})
    for arguments in (["check"], ["fix", "--unsafe-fixes"]):
        done = nodes.run(*arguments, "--hop", "8to9", "--root", tmp_path, "--output-format", form)
        assert "STO010" in done.out + done.err
        assert SECRET not in done.out + done.err


def test_a_configuration_is_made_for_each_storage(tmp_path):
    nodes.write_tree(tmp_path, {
        "etc/pve/storage.cfg": EXTERNAL + "\n" + EXTERNAL.replace("far", "near"), KEYRING: "x\n",
        KEYRING.replace("far", "near"): "x\n"})
    plan = Project(tmp_path, hop="8to9", phases="all").fix()
    assert plan.apply() == []
    for name in ("far", "near"):
        assert (tmp_path / CONF.replace("far", name)).read_text() == (
            "[global]\n\tkeyring = /etc/pve/priv/ceph/%s.keyring\n\n" % name)
    assert [f for f in Project(tmp_path, hop="8to9", phases="all").check() if f.code == "STO010"] == []


def test_a_file_that_was_not_asked_for_is_not_changed(tmp_path):
    nodes.write_tree(tmp_path, {"etc/pve/storage.cfg": EXTERNAL, KEYRING: "x\n",
                                CONF: "[global]\n\tmon_host = 203.0.113.9\n"})
    plan = Project(tmp_path, hop="8to9", phases="all", paths=["etc/pve/storage.cfg"]).fix()
    assert plan.changes == []
    assert [(f.code, f.applicability) for f in plan.findings] == [("STO010", "manual")]


# -- fixes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind, family, hop", [
    ("jobs", "JOB", "7to8"), ("jobs", "JOB", "8to9"), ("notifications", "NTF", "8to9"), ("storage", "STO", "7to8"),
    ("storage", "STO", "8to9"), ("vzdump-conf", "BAK", "8to9"), ("vzdump-cron", "BAK", "8to9")])
def test_fixes_keep_their_promises_in_the_later_upgrades(kind, family, hop):
    codes = set()
    for rnd in shapes.randoms(kind, "later", 120):
        text = shapes.text(kind, rnd).encode("utf-8", "surrogateescape")
        for unsafe in (False, True):
            options = dict(hop=hop, phases="all", unsafe_fixes=unsafe)
            invariants.check_fix(text, kind, **options)
            codes.update(finding.code for finding in pvemigrate.fix(text, kind=kind, **options).fixed)
    assert any(code.startswith(family) for code in codes)
