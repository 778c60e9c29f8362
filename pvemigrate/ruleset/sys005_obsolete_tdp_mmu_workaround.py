from ..cst import Token
from ..edit import Fix, remove, replace
from ..facts import version_key
from ..formats.modprobe import Options, Wrapped
from ..lazy import lazy
from ..rule import Rule
from ._kernel_cmdline import any_spelling, follow_up, parameters, removal

#: The kernel that needs the workaround no more.
MENDED = "5.15.39-3"
_KERNEL = lazy("(?:pve|proxmox)-kernel-([0-9]+[.][0-9.]+-[0-9]+)-pve(?:-signed)?")
_WRAPPED = lazy("[ \t]*options[ \t]+kvm[ \t]")
_WORD = lazy("(?<![^ \t\r\f\v\"])tdp[-_]mmu=(?:[nN0]|[oO][fF])[^ \t\r\f\v\n\"\\\\]*")


class ObsoleteTdpMmuWorkaround(Rule):
    """
    ## What it finds

    `tdp_mmu` switched off for the module kvm, in modprobe.d or on the kernel's command line
    (`kvm.tdp_mmu=N`, in grub's files or in `/etc/kernel/cmdline`), where dpkg shows a kernel from
    5.15.39-3 on. Any value counts that the kernel takes for "no" (`N`, `0`, `off`).

    ## Why it matters

    It was a workaround for crashes of guests with the first 5.15 kernels (`KVM: entry failed,
    hardware error 0x80000021`). Newer ones do without, and are faster without.

    ## Example

    ```
    options kvm ignore_msrs=1 tdp_mmu=N
    ```

    becomes

    ```
    options kvm ignore_msrs=1
    ```

    ## When the fix is safe

    When the node boots the newer kernel: an older one may still be pinned, so somebody has to have
    looked. The word goes, and the line where it holds nothing else. A word in quotes of its own, or
    one in a line that is continued with a backslash, is left to you.

    ## Guide

    Old Workaround: Disable tdp_mmu

    ## References

    Linux, arch/x86/kvm/mmu (tdp_mmu) and lib/kstrtox.c (kstrtobool); modprobe.d(5)
    """

    kinds = ("grub", "kernel-cmdline", "modprobe")
    severity = "info"
    phase = "after-node"
    hops = ("6to7",)
    guide = "Old Workaround: Disable tdp_mmu"
    needs = any_spelling("mmu")

    def check_project(self, project):
        kernel = self.mended_kernel()
        if kernel is None:
            return
        self.why = "tdp_mmu is switched off, which %s does not need any more" % kernel
        for parameter in parameters(project):
            if (project.owns(parameter.file) and parameter.name == "kvm.tdp_mmu"
                    and is_off(parameter.value)):
                self.report_parameter(parameter)
        for file in project.of_kind("modprobe"):
            self.modprobe(file)

    def mended_kernel(self):
        """The newest installed kernel (str) where it needs the workaround no more, else None."""
        names = {**self.facts.packages("pve-kernel-"), **self.facts.packages("proxmox-kernel-")}
        found = [match.group(1) for match in map(_KERNEL.fullmatch, names) if match]
        newest = max(found, key=version_key, default=None)
        if newest is None or version_key(newest) < version_key(MENDED):
            return None
        return newest

    def report_parameter(self, parameter):
        """Report a parameter of the kernel's command line."""
        change = removal(parameter)
        fix, message = None, self.why
        if change is not None:
            fix = Fix.unsafe("take the parameter out", change)
        else:
            message += ": take it out by hand, quotes or lines around it need a look"
        self.report(parameter.token, message, fix, file=parameter.file,
                    follow_up=follow_up(self.facts, parameter.file.kind))

    def modprobe(self, file):
        """Report the lines of a file of modprobe.d."""
        logical, follow = [], ("update-initramfs -u -k all",)
        for line in file.tree.body:
            logical.append(line)
            if isinstance(line, Wrapped):
                continue
            if len(logical) > 1:
                token = _wrapped_word(logical)
                if token:
                    self.report(token, self.why + ": take it out by hand, the line is continued "
                                "with a backslash", file=file, follow_up=follow)
            elif isinstance(line, Options) and line.module == "kvm":
                self.options(file, line, follow)
            logical = []

    def options(self, file, line, follow):
        """Report an ``options kvm`` line that holds the workaround."""
        settings = line.words("settings")
        off = [(gap, word) for gap, word in settings if _is_workaround(word)]
        if not off:
            return
        if any('"' in word or "\\" in word for _, word in settings):
            self.report(off[0][1], self.why + ": take it out by hand, a quote or a backslash is in "
                        "the line", file=file, follow_up=follow)
            return
        changes = [remove(line)]
        if len(off) < len(settings):
            changes = [replace(Token(gap + word, line, gap.offset), "") for gap, word in off]
        self.report(off[0][1], self.why, Fix.unsafe("take the option out", *changes), file=file,
                    follow_up=follow)


def is_off(value):
    """Whether the kernel takes a parameter's value for "no" (kstrtobool)."""
    return value is not None and (value[:1] in tuple("nN0") or value[:2].lower() == "of")


def _is_workaround(word):
    name, equals, value = word.replace('"', "").replace("\\", "").partition("=")
    return bool(equals) and name.replace("-", "_") == "tdp_mmu" and is_off(value)


def _wrapped_word(lines):
    """The token of the workaround in a line that is continued with backslashes, or None."""
    text = "".join([line.text[:-1] if isinstance(line, Wrapped) else line.code for line in lines])
    if not _WRAPPED.match(text):
        return None
    for line in lines:
        match = _WORD.search(line.code)
        if match:
            return Token(match.group(), line, match.start())
    return None
