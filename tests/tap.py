# SPDX-License-Identifier: Apache-2.0
"""TAP for Python: checks are counted and printed as they come."""


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def ok(self, passed, name, *notes):
        """A check, and what says why it failed."""
        self.count += 1
        self.failed += not passed
        print("%sok %d - %s" % ("" if passed else "not ", self.count, name.replace("#", " ")), flush=True)
        for note in () if passed else notes:
            print("# " + str(note)[:1000].replace("\n", "\n# "))

    def skip(self, name, reason):
        self.count += 1
        print("ok %d - %s # SKIP %s" % (self.count, name, reason))

    def done(self):
        """The plan; the exit status."""
        print("1..%d" % self.count)
        return 1 if self.failed else 0
