"""vzdump.conf and vzdump.cron as Proxmox VE, cron and the shell read them."""

import random
import shutil
import subprocess

import pytest
from perl_reader import ask, hexed, needs_perl

import pvemigrate
from pvemigrate.formats import decode, vzdump_conf, vzdump_cron
from pvemigrate.shellwords import Unclosed, perl_words, shell_commands
from pvemigrate.storage_types import check_prune_backups, plain_number
from pvemigrate.vzdump_options import option_name, options


def lines(text, kind):
    return pvemigrate.parse(text, kind=kind).body


def conf(text):
    return [type(node).__name__ for node in lines(text, "vzdump-conf")]


def cron(text):
    node, = lines(text, "vzdump-cron")
    return node


#: The rules on how many backups are kept.
RETENTION = ("BAK001", "BAK002", "BAK003")


def fix(text, kind, select=RETENTION, **options):
    return pvemigrate.fix(text, kind=kind, phases="all", select=select, **options)


def codes(text, kind):
    return [(finding.code, finding.applicability) for finding in fix(text, kind).findings]


# -- vzdump.conf -----------------------------------------------------------------------------------


@pytest.mark.parametrize("text, kind", [
    ("maxfiles: 3\n", "Setting"), ("  maxfiles:3 \r\n", "Setting"), ("maxfiles:\n", "Setting"),
    ("a:b:c\n", "Setting"), ("::x\n", "Setting"), ("maxfiles : 3\n", "Malformed"),
    ("maxfiles = 3\n", "Malformed"), ("maxfiles 3\n", "Malformed"), (":x\n", "Malformed"),
    ("#maxfiles: N\n", "Comment"), (" \t# maxfiles: 3\n", "Comment"), (" \r\n", "Blank"),
    ("\ufeffmaxfiles: 3\n", "Setting"),
])
def test_lines_of_vzdump_conf(text, kind):
    assert conf(text) == [kind]


def test_a_setting_ends_its_key_at_the_first_colon():
    node, = lines("\tscript:  /x:y # z \n", "vzdump-conf")
    assert (node.key, node.value) == ("script", "/x:y # z")


@pytest.mark.parametrize("text, after", [
    ("maxfiles: 3\n", "prune-backups: keep-last=3\n"),
    ("\tmaxfiles:03 \r\n", "\tprune-backups:keep-last=3 \r\n"),
    ("maxfiles: 2\nmaxfiles: 3", "prune-backups: keep-last=3"),
    ("maxfiles: x\nmaxfiles: 3\n", "prune-backups: keep-last=3\n"),
    ("maxfiles: 3\nprune-backups: keep-last=1\n", "prune-backups: keep-last=1\n"),
    ("prune-backups:\nmaxfiles: 3\n", "prune-backups:\n"),
    ("prune-backups: bad\nmaxfiles: 3\nprune-backups: keep-all=1", "prune-backups: bad\n"
                                                                   "prune-backups: keep-all=1"),
])
def test_fix_of_vzdump_conf(text, after):
    assert fix(text, "vzdump-conf").code == after


@pytest.mark.parametrize("text, found", [
    ("maxfiles: 0\n", [("BAK003", "manual")]),
    ("maxfiles: 3\nmaxfiles: 0\n", [("BAK003", "manual")]),
    ("maxfiles: 0\nprune-backups: x\n", [("BAK003", "manual")]),
    ("maxfiles: 0\nprune-backups: keep-all=1\n", [("BAK001", "safe")]),
    ("maxfiles: 0\nmaxfiles: 3\n", [("BAK001", "safe")] * 2),
    ("maxfiles: -1\n", [("BAK001", "manual")]), ("maxfiles: 3 # c\n", [("BAK001", "manual")]),
    ("maxfiles:\n", [("BAK001", "manual")]), ("maxfiles: \u0663\n", [("BAK001", "manual")]),
    # Here the last one counts, so a new line before the refused one would be dead.
    ("maxfiles: 3\nprune-backups: keep-last=3, keep-daily=1\n", [("BAK001", "manual")]),
    ("Maxfiles: 3\nmaxfiles : 3\n#maxfiles: N\n", []), ("prune-backups: keep-last=3,\n", []),
    ("prune-backups: bad\n", [("BAK003", "manual")]),
    ("prune-backups: bad\nprune-backups: keep-last=3\n", []),
])
def test_findings_in_vzdump_conf(text, found):
    assert codes(text, "vzdump-conf") == found


# -- vzdump.cron: lines ----------------------------------------------------------------------------


@pytest.mark.parametrize("text, kind", [
    ("0 3 * * * root vzdump 100\n", "Job"), ("00 01 * * 6 root vzdump\n", "Job"),
    ("70 30 * * * root vzdump 100\n", "Job"), ("0\t3 *  * * root  /usr/bin/vzdump 1 \r\n", "Job"),
    ("0 3 * * * root #vzdump 100\n", "Job"), ("0 3 * * * root /usr/bin/#vzdump 100\n", "Job"),
    ("0 3 * * mon,TUE;wed,0 root vzdump 1\n", "Job"), ("0 3 * * mon-fri root vzdump 1\n", "Job"),
    ("0 3 * * fri-mon root vzdump 1\n", "Job"), ("0 3 * * 1-5 root vzdump 1\n", "Opaque"),
    ("0 3 * * mon..fri root vzdump 1\n", "Opaque"), ("0 3 * * 8 root vzdump 1\n", "Opaque"),
    ("0 3 * * \u017fun root vzdump 1\n", "Opaque"), ("0 3 * * *,1 root vzdump 1\n", "Opaque"),
    ("*/15 * * * * root vzdump 1\n", "Opaque"), ("0 3 1 * * root vzdump 1\n", "Opaque"),
    ("0 3 * * * root ionice vzdump 1\n", "Opaque"), ("0 3 * * * root vzdumpx 1\n", "Opaque"),
    ("0 3 * * * root /vzdump 1\n", "Opaque"), ("0 3 * * * daemon vzdump 1\n", "Opaque"),
    ("a b c d e f g\n", "Opaque"), ("@daily root vzdump 1 --mode stop --x\n", "Opaque"),
    ("@daily root vzdump 100\n", "Tossed"), (" 0 3 * * * root vzdump 100\n", "Tossed"),
    ("MAILTO=root\n", "Malformed"), ("a b c d e f\n", "Malformed"), (" # c\n", "Malformed"),
    ("PATH=/bin\n", "Environment"), ("PATH = \"/bin\"\n", "Environment"),
    ("PATHS=/bin\n", "Malformed"),
    (" PATH=/bin\n", "Malformed"), ("# 0 3 * * * root vzdump 1\n", "Comment"), (" \r\n", "Blank"),
    ("0 3 * * * root vzdump 'a\n", "UnclosedJob"), ("0 3 * * * root vzdump a\\\n", "UnclosedJob"),
    ("0 3 * * * root vzdump 'a\\'\n", "UnclosedJob"),
])
def test_lines_of_vzdump_cron(text, kind):
    assert type(cron(text)).__name__ == kind


def test_fields_of_a_job():
    job = cron("5 3 * * sat root /usr/bin/#vzdump 100 --script '/x y' \r\n")
    assert (job.minute, job.hour, job.dow) == ("5", "3", "sat")
    assert (job.path, job.disabled) == ("/usr/bin/", "#")
    assert [word for _, word in job.words("args")] == ["100", "--script", "'/x y'"]


# -- words -----------------------------------------------------------------------------------------


def perl(text):
    return [word.text for word in perl_words(text)]


def shell(text):
    return [[word.text for word in command] for command in shell_commands(text)]


@pytest.mark.parametrize("text, words", [
    (" a  b\t", ["a", "b"]), ("'a b' \"c d\"", ["a b", "c d"]), ("a'b'\"c\"d", ["abcd"]),
    ("a\\ b", ["a b"]), ("\"a\\\"b\\c\"", ["a\"bc"]), ("'a\\b'", ["a\\b"]), ("'a\\'b'", ["a\\'b"]),
    ("''", [""]), ("a # b", ["a", "#", "b"]), ("a\rb\x0bc", ["a", "b", "c"]),
    ("a\u00a0b", ["a\u00a0b"]),
])
def test_words_as_perl_cuts_them(text, words):
    assert perl(text) == words


@pytest.mark.parametrize("text, commands", [
    ("a 'b c' \"d \\e\\\"\"", [["a", "b c", "d \\e\""]]), ("'a\\'", [["a\\"]]),
    ("a; b && c|d & e", [["a"], ["b"], ["c"], ["d"], ["e"]]), ("a # b; c", [["a"]]),
    ("a#b", [["a#b"]]),
    ("a >b 2>&1 <c d >>'e f' g", [["a", "d", "g"]]), ("a 22>b c2>d", [["a", "c2"]]),
    ("a \"$(b 'c)' d; e)\" f", [["a", "$(b 'c)' d; e)", "f"]]),
    ("a `b; c` ${d:-e f}", [["a", "`b; c`", "${d:-e f}"]]),
    ("a\\;b \\\"c", [["a;b", "\"c"]]), ("a\rb", [["a\rb"]]), ("", []),
])
def test_commands_as_the_shell_cuts_them(text, commands):
    assert shell(text) == commands


@pytest.mark.parametrize("text", ["'", "\"a", "a\\", "'a' \"b"])
def test_quotes_that_are_not_closed(text):
    for cut in (perl_words, shell_commands):
        with pytest.raises(Unclosed):
            cut(text)


def test_a_word_knows_where_it_stands():
    text = "x 'a b'c \"--max\\files=3\""
    _, quoted, mixed = perl_words(text)
    assert text[quoted.start:quoted.end] == "'a b'c"
    assert quoted.span(0, 3) == (3, 6) and quoted.span(0, 4) is None
    assert mixed.text == "--maxfiles=3" and mixed.span(0, 10) is None
    assert text[slice(*mixed.span(11, 12))] == "3"


# -- options ---------------------------------------------------------------------------------------


def values(text):
    return [(option.name, option.value) for option in options(perl_words(text))]


@pytest.mark.parametrize("text, found", [
    ("--maxfiles 3", [("maxfiles", "3")]), ("-maxfiles=3", [("maxfiles", "3")]),
    ("100 --MAXF 3 101", [("maxfiles", "3")]), ("--max=3", [("maxfiles", "3")]),
    ("--ma 3", [(None, None)]), ("--m=3", [(None, "3")]), ("--maxfilesx 3", [(None, None)]),
    ("--maxfiles", [("maxfiles", None)]), ("--maxfiles=", [("maxfiles", "")]),
    ("--maxfiles --quiet 1", [("maxfiles", "--quiet")]), ("--quiet --all 1 2", [("quiet", None),
                                                                               ("all", "1")]),
    ("--script --maxfiles 3", [("script", "--maxfiles")]), ("-- --maxfiles 3", []),
    ("- -x", [(None, None)]),
    ("--exclude a --exclude-path b", [("exclude", "a"), ("exclude-path", "b")]),
    ("--mailto 'x --maxfiles 3'", [("mailto", "x --maxfiles 3")]),
    ("---maxfiles 3", [(None, None)]),
    ("--=3", [(None, None)]), ("--quiet - --stop", [("quiet", "-"), ("stop", None)]),
    ("--notes-template '{{guestname}}' --protected 1", [("notes-template", "{{guestname}}"),
                                                      ("protected", "1")]),
])
def test_options(text, found):
    assert values(text) == found


def test_abbreviations():
    assert option_name("stora") == "storage" and option_name("sto") is None
    assert option_name("stop") == "stop" and option_name("pr") == "prune-backups"
    assert option_name("max\u017files") is None and option_name("protect") is None


# -- fixing jobs -----------------------------------------------------------------------------------

JOB = "0 3 * * * root vzdump %s\n"


@pytest.mark.parametrize("before, after", [
    ("--maxfiles 3", "--prune-backups keep-last=3"),
    ("--maxfiles=3", "--prune-backups=keep-last=3"),
    ("-maxfiles 03", "--prune-backups keep-last=3"), ("--maxf\t3", "--prune-backups\tkeep-last=3"),
    ("\"--maxfiles\" '3'", "\"--prune-backups\" 'keep-last=3'"),
    ("'--maxfiles=3'", "'--prune-backups=keep-last=3'"),
    ("--max\"files\" \"3\"4", "--prune-backups keep-last=34"),
    ("--max\"files\"=3", "--prune-backups=keep-last=3"),
    ("--maxfiles 1 100 --maxfiles 2", "100 --prune-backups keep-last=2"),
    ("--maxfiles 3 >/dev/null 2>&1", "--prune-backups keep-last=3 >/dev/null 2>&1"),
    ("--maxfiles 3 # weekly", "--prune-backups keep-last=3 # weekly"),
    ("--script /x%y --maxfiles 3", "--script /x%y --prune-backups keep-last=3"),
    ("--dumpdir $(date +\\%F) --maxfiles 3", "--dumpdir $(date +\\%F) --prune-backups keep-last=3"),
])
def test_fix_of_a_job(before, after):
    assert fix(JOB % before, "vzdump-cron").code == JOB % after
    off = JOB.replace("vzdump", "#vzdump")
    if "$(" not in before:
        assert fix(off % before, "vzdump-cron").code == off % after


@pytest.mark.parametrize("args, found", [
    ("--maxfiles 0", "BAK003"), ("--maxfiles -1", "BAK003"), ("--maxfiles x", "BAK003"),
    ("--maxfiles ''", "BAK003"), ("--maxfiles", "BAK003"), ("--maxfiles= 3", "BAK003"),
    ("--maxfiles 3 --prune keep-last=3", "BAK003"), ("--maxfiles $N --prune-backups x", "BAK003"),
    ("--maxfiles $N", "BAK002"), ("--maxfiles \"`cat /n`\"", "BAK002"),
    ("--maxfiles '$N'", "BAK003"),
    ("--maxfiles 3 # --maxfiles 4", "BAK002"), ("--maxfiles 3;", "BAK002"),
    ("--maxfiles 3 && vzdump 1 --maxfiles 4", "BAK002"),
    ("--script 'a\\' --maxfiles 3 'b\\'", "BAK002"),
    ("--quiet 1 # --maxfiles 3", "BAK002"), ("--quiet 1 # --maxfiles 0", "BAK002"),
    ("--prune-backups keep-last=3 #was --maxfiles 3", "BAK002"),
])
def test_jobs_left_to_the_administrator(args, found):
    assert codes(JOB % args, "vzdump-cron") == [(found, "manual")]


def test_a_remark_behind_a_job_that_is_off_is_not_rewritten():
    off = JOB.replace("vzdump", "#vzdump")
    assert codes(off % "--quiet 1 # --maxfiles 3", "vzdump-cron") == [("BAK002", "manual")]


@pytest.mark.parametrize("args", [
    "--mailto \"a b\" --script \"/x --maxfiles 2\"", "--exclude-path --maxfiles", "-- --maxfiles 3",
    "--ma 3", "--prune-backups keep-last=3", "--storage maxfiles", "maxfiles 3",
    "--maxfiles 'unclosed",
])
def test_jobs_without_a_finding(args):
    assert codes(JOB % args, "vzdump-cron") == []


@pytest.mark.parametrize("line", [
    "*/15 * * * * root vzdump 1 --maxfiles 3", "0 3 * * 1-5 root vzdump 1 --maxfiles 3",
    "0 3 * * * backup ionice -c2 -n 7 /usr/bin/vzdump 1 --maxfiles 3",
    "\t0 3 * * * root vzdump 1 --maxfiles 3", "@daily root vzdump 1 --maxfiles 3 --mode stop",
    " @reboot root vzdump 1 --maxfiles 3",
    "0 3 1 * * root A=b cd /x && vzdump 1 --maxfiles 3; true",
    "0 3 1 jan sun root ! timeout 9h nice vzdump --maxfiles 3",
    "*/5 * * * * root /x/#vzdump 1 --maxfiles 3",
    "0 3 * * * root vzdump 1 --script 'a\\' --maxfiles 3",
])
def test_lines_that_only_cron_runs(line):
    after = line.replace("--maxfiles 3", "--prune-backups keep-last=3")
    assert fix(line, "vzdump-cron").code == after


@pytest.mark.parametrize("line", [
    "*/5 * * * * root echo vzdump 1 --maxfiles 3", "*/5 * * * * root true # vzdump 1 --maxfiles 3",
    "a b c d e f vzdump --maxfiles 3", "X = a b c d e vzdump --maxfiles 3",
    "*/5 * * * * root a % vzdump --maxfiles 3", "#*/5 * * * * root vzdump --maxfiles 3",
    "  # 0 3 * * * root vzdump 1 --maxfiles 3", "*/5 * * * * root my-vzdump 1 --maxfiles 3",
])
def test_lines_that_run_no_vzdump(line):
    assert codes(line, "vzdump-cron") == []


def test_a_command_line_in_a_word_is_reported_only():
    for line in ("*/5 * * * * root sh -c \"vzdump 1 --maxfiles 3\"",
                 "*/5 * * * * root flock -n /x -c 'nice vzdump 1 --maxf=3'"):
        assert codes(line, "vzdump-cron") == [("BAK002", "manual")]


def test_each_command_of_a_line_is_judged_alone():
    result = fix("*/5 * * * * root vzdump 1 --maxfiles 3; vzdump 2 --maxfiles 0; "
                 "vzdump 3 --prune-backups keep-all=1", "vzdump-cron")
    assert result.code == ("*/5 * * * * root vzdump 1 --prune-backups keep-last=3; "
                           "vzdump 2 --maxfiles 0; vzdump 3 --prune-backups keep-all=1")
    assert [finding.code for finding in result.remaining] == ["BAK003"]


# -- other rules on jobs ---------------------------------------------------------------------------


@pytest.mark.parametrize("line, after", [
    (JOB % "--size 1024 --quiet 1", JOB % "--quiet 1"),
    (JOB % "--quiet 1 '--si=5'", JOB % "--quiet 1"),
    (JOB % "--maxfiles 3\t-SIZE \"5\"", JOB % "--prune-backups keep-last=3"),
    ("0 3 * * 1-5 root vzdump 1 --size 5 --size 6\n", "0 3 * * 1-5 root vzdump 1\n"),
    ("@daily root vzdump --size 1024\r\n", "@daily root vzdump\r\n"),
])
def test_size_goes_with_its_value(line, after):
    result = fix(line, "vzdump-cron", select=["BAK"])
    assert result.code == after
    assert [finding.code for finding in result.remaining if finding.code != "BAK005"] == []


def test_size_stays_where_the_line_would_be_another_without_it():
    line = "@daily root vzdump 1 --size 5 --all 1\n"
    result = fix(line, "vzdump-cron", select=["BAK004"])
    assert result.code == line
    assert result.errors == []
    assert len(result.findings) == 1


def test_what_pve_writes_is_no_loss():
    """Its own head, and jobs as it writes them."""
    text = ("# cluster wide vzdump cron schedule\n# Automatically generated file - do not edit\n\n"
            "PATH=\"/usr/sbin:/usr/bin:/sbin:/bin\"\n\n"
            "0 2 * * *           root vzdump 100 101 --quiet 1 --exclude-path '/a b'\"'\"'c'\n"
            "0 2 * * 1,2         root #vzdump --all 1 --prune-backups 'keep-last=3' --quiet 1\n")
    assert fix(text, "vzdump-cron", select=["BAK005"]).findings == []


@pytest.mark.parametrize("line", [
    "MAILTO=root", "# mine", "PATH=/bin", " 0 3 * * * root vzdump 1", "@daily root vzdump 1",
    "*/5 * * * * root vzdump 1", "0 3 * * 1-5 root vzdump 1", "0 3 * * * root vzdump 1 'x",
    "0 3 * * sun-mon root vzdump 1", "0 99 * * * root vzdump 1", "0 3 * * * root vzdump 1 --nonsense",
    "0 3 * * * root vzdump 1 --all 1 # all", "0 3 * * * root vzdump 1 --dumpdir \"$D\"",
    "0 3 * * * root vzdump 1 | logger", "0 3 * * * root nice vzdump 1", "0 3 * * * root vzdump 1 --node",
])
def test_what_pve_loses_is_reported_once(line):
    assert [f.code for f in fix(line, "vzdump-cron", select=["BAK005"]).findings] == ["BAK005"]


def texts(seed, pieces, count, longest):
    rnd = random.Random(seed)
    for _ in range(count):
        text = "".join(rnd.choice(pieces) for _ in range(rnd.randint(0, longest)))
        yield decode(data(text))  # Bytes that are no UTF-8 alone may be some once joined.


def data(text):
    return text.encode("utf-8", "surrogateescape")


def kept_by_default(text):
    """What vzdump.conf has Proxmox VE keep (None: nothing is said)."""
    values = {str(node.key): str(node.value) for node in lines(text, "vzdump-conf")
              if isinstance(node, vzdump_conf.Setting)}
    if "prune-backups" in values and check_prune_backups(values["prune-backups"]) is None:
        return values["prune-backups"]
    number = plain_number(values.get("maxfiles", ""), 1)
    return number and "keep-last=" + number


def kept_by_job(words):
    """What a vzdump command with these words keeps: a value, None, or that it fails."""
    values = {option.name: option.value or "" for option in options(words)}
    if "maxfiles" not in values:
        return values.get("prune-backups")
    number = plain_number(values["maxfiles"], 1)
    return "fails" if "prune-backups" in values or number is None else "keep-last=" + number


def perl_vzdumps(line):
    return [perl_words(line, line.index("vzdump") + len("vzdump"))]


def shell_vzdumps(line):
    commands = shell_commands(line.partition("%")[0], line.index("vzdump"))
    return [words[1:] for words in commands if words[0].text == "vzdump"]


def test_safe_fixes_of_vzdump_conf_change_nothing_about_what_is_kept():
    pieces = ["maxfiles: 3\n", "maxfiles: 05\r\n", "maxfiles: 0\n", "maxfiles: 3 # c\n",
        "maxfiles:\n",
              "prune-backups: keep-last=1\n", "prune-backups: keep-last=1, keep-daily=2\n",
              "prune-backups:\n", "#maxfiles: 7\n", "maxfiles = 3\n", "maxfiles:9"]
    for text in texts(6, pieces, 1500, 5):
        result = fix(text, "vzdump-conf")
        assert kept_by_default(result.code) == kept_by_default(text), repr(text)
        assert fix(result.code, "vzdump-conf").code == result.code, repr(text)


def test_safe_fixes_of_jobs_change_nothing_about_what_is_kept():
    pieces = [" --maxfiles 3", " --maxfiles=03", " -maxf '4'", " --maxfiles 0",
        " --prune-backups keep-all=1",
              " 100", " --script", " \"--maxfiles\" 5", " --maxfiles", " --quiet", " --",
              " --max\"files\"=6",
              " '", "\\", " >/x", "\t", " #", " --mailto 'a --maxfiles 2'", " --pr x", "7", ";",
              " %"]
    changed = 0
    for text in texts(7, pieces, 4000, 8):
        line = JOB.rstrip("\n") % text.lstrip(" ")
        result = fix(line, "vzdump-cron")
        changed += result.changed
        after = result.code
        assert fix(after, "vzdump-cron").code == after, repr(line)
        for cut in (perl_vzdumps, shell_vzdumps):
            try:
                old = [kept_by_job(words) for words in cut(line)]
            except Unclosed:
                continue
            assert [kept_by_job(words) for words in cut(after)] == old, repr(line)
    assert changed > 500


# -- against Perl and the shell --------------------------------------------------------------------


ODD = ["\r", "\t", " ", "\x0b", "\n", "\n", "\n", "\r\n", "\u00e9", "\u00a0", "\u0085", "\u2028",
    "\udcff"]


@needs_perl
def test_vzdump_conf_as_perl_reads_it():
    names = {vzdump_conf.Blank: "blank", vzdump_conf.Comment: "comment",
        vzdump_conf.Malformed: "ignored"}
    pieces = ["maxfiles", ":", ":", "3", "#", "=", "a b", "\0", "prune-backups: keep-last=3"] + ODD
    samples = list(texts(1, pieces, 3000, 14))
    answers = ask("vzdump", [("conf", data(text)) for text in samples])
    for text, answer in zip(samples, answers):
        found = [names.get(type(node)) or "setting:%s:%s" % (hexed(node.key), hexed(node.value))
                 for node in lines(text.rstrip("\n"), "vzdump-conf")]
        assert " ".join(found) == answer, repr(text)


@needs_perl
def test_vzdump_cron_as_perl_reads_it():
    pieces = [
        "0 3 * * * root vzdump", "0 3 * * tue-fri root vzdump",
        "1 2 * * ;SUN,,wed-mon, root vzdump ",
        "0 3 * * ", "0 3", " * *", "mon", "tue-fri", "1-5", ",", ";", "6", " root",
        " #vzdump", "vzdump", "/usr/bin/", "/", " --maxfiles 3", "'", "\"", "\\", "#", "PATH", "=",
        "@daily root x", " 0 3 * * * root vzdump 1", "a b c d e f g", "\u017fun", " "] + ODD
    samples = list(texts(2, pieces, 5000, 14))
    names = {vzdump_cron.Blank: "blank", vzdump_cron.Comment: "comment",
             vzdump_cron.Environment: "environment", vzdump_cron.Opaque: "opaque",
             vzdump_cron.UnclosedJob: "unclosed", vzdump_cron.Tossed: "tossed",
             vzdump_cron.Malformed: "tossed"}
    answers = ask("vzdump", [("cron", data(text)) for text in samples])
    seen = set()
    for text, answer in zip(samples, answers):
        found = []
        for node in lines(text.rstrip("\n"), "vzdump-cron"):
            seen.add(type(node))
            found.append(names.get(type(node)) or "job:%s:%s" % (
                "off" if node.disabled else "on",
                hexed((str(node.args) + str(node.trail)).lstrip(" \t\r\f\v"))))
        assert " ".join(found) == answer, repr(text)
    assert seen == {*names, vzdump_cron.Job}


@needs_perl
def test_words_and_options_as_perl_reads_them():
    pieces = ["a", "b", " ", " ", "'", "\"", "\\", "#", "$", "=", "\t", "\r", "\u00a0", "\udcff",
        "\0"]
    samples = list(texts(3, pieces, 4000, 10))
    answers = ask("vzdump", [("words", data(text)) for text in samples])
    for text, answer in zip(samples, answers):
        try:
            found = " ".join("w" + hexed(word.text) for word in perl_words(text))
        except Unclosed:
            found = ""
        assert found == answer, repr(text)
    pieces = [
        " ", " ", " ", "--maxfiles", "-maxfiles", "--maxf", "--MAX", "--ma", "--prune-backups",
        "--pr", "--p", "=", "3", "100", "--quiet", "--all", "--script", "--mailto", "--stop",
        "--sto", "--", "-", "--foo", "'--maxfiles'", "\"x --maxfiles 2\"", "--max\"files\"", "-m",
        "keep-all=1"]
    samples = list(texts(4, pieces, 6000, 12))
    answers = ask("vzdump", [("options", text.encode()) for text in samples])
    seen = set()
    for text, answer in zip(samples, answers):
        # Getopt refuses an option without a value.
        found = " ".join("%s:%s" % (option.name, hexed(option.value))
                         for option in options(perl_words(text))
                         if option.name in ("maxfiles", "prune-backups") and option.value)
        seen.add(bool(answer))
        assert found == answer, repr(text)
    assert seen == {True, False}


@pytest.mark.skipif(shutil.which("dash") is None,
    reason="needs dash (on Debian: apt-get install dash)")
def test_words_as_the_shell_cuts_them():
    pieces = ["a", "b", "2", " ", " ", "'", "\"", "\\", "#", "=", "\t", "\r", "--maxfiles 3",
        "\u00e9"]
    samples = []
    for text in texts(5, pieces, 300, 10):
        try:
            samples.append((text, [word for command in shell(text) for word in command]))
        except Unclosed:
            samples.append((text, None))
    script = "p() { for word; do printf '%s\\0' \"$word\"; done; }\n"
    for text, words in samples:
        # One shell for each: a quote that is not closed must not reach into the next one.
        if words is None and text.endswith("\\"):
            continue  # At the end of a script a backslash stands for itself.
        done = subprocess.run(["dash", "-c", script + "p " + text + "\n"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, timeout=20)
        if words is None:
            assert done.returncode, repr(text)
        else:
            assert done.stdout.decode().split("\0")[:-1] == words, repr(text)


def test_many_removed_options_in_a_line():
    # One look at a line, not one for each of its options: they would take minutes.
    text = "0 2 * * 6 root vzdump 100%s --mode stop\n" % (" --size 5" * 5000)
    fixed = pvemigrate.fix(text, kind="vzdump-cron", select=["BAK004"])
    assert fixed.code == "0 2 * * 6 root vzdump 100 --mode stop\n"
