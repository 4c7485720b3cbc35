"""The outside auditor: judges a guest that stands still by what is in its physical memory. It
shares no code with the core; what must hold is stated here once more. Findings begin with
the name of what is broken: I1 typed, I2 tree, I3 counted, I4 kernel half, I5 W^X, I6 user half,
I9 conserved, or the thing itself."""

from collections import Counter

from . import check_frames, check_kernel, check_objects, check_processor, check_user

CHECKS = [
    check_frames.check_runs,
    check_frames.check_entries,
    check_frames.check_conserved,
    check_frames.check_boot_info,
    check_kernel.check_kernel_half,
    check_kernel.check_same_everywhere,
    check_user.check_user_halves,
    check_objects.check_objects,
    check_user.check_counts,
    check_processor.check_processor,
]


class Audit:
    """One audit, and what its checks tell each other."""

    def __init__(self, guest):
        self.guest = guest
        self.findings = []
        self.queued = Counter()  # task's frame: in how many places it waits

    def say(self, name, text):
        self.findings.append(f"{name}: {text}")

    def check(self, condition, name, text):
        if not condition:
            self.say(name, text)


def audit(guest):
    """All findings; none is good."""
    found = Audit(guest)
    for check in CHECKS:
        check(found)
    return found.findings
