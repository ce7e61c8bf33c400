"""Runs one module of Python's own test suite, and notes each case as it goes on.

    python3 run_module.py CASES MODULE [OPTION of python -m test …]

CASES gets a line of JSON when a case begins and one when it has ended, so that a module that crashes or hangs leaves
behind what it had done and what it was doing. The rest is what `python3 -m test MODULE` does.
"""
import functools
import json
import os
import sys
import time
import traceback

from test.libregrtest import main
from test.support import testresult

CASES = os.path.abspath(sys.argv[1])
# Tests replace what they test, the functions of os among it, and close descriptors that they do not know.
OPEN, WRITE, CLOSE, DUMPS = os.open, os.write, os.close, json.dumps
PROCESS, GET_PROCESS, CLOCK = os.getpid(), os.getpid, time.monotonic


def note(**fields):
    if GET_PROCESS() != PROCESS:
        return
    descriptor = OPEN(CASES, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    WRITE(descriptor, (DUMPS(fields) + "\n").encode())
    CLOSE(descriptor)


def described(error):
    return "".join(traceback.format_exception(*error))[-6000:]


class NotingResult(testresult.RegressionTestResult):
    """A case that has subtests may end in several ways; the reader takes the worst."""

    def startTest(self, test):
        note(begin=test.id(), at=round(CLOCK(), 3))
        super().startTest(test)

    def stopTest(self, test):
        super().stopTest(test)
        note(end=test.id(), at=round(CLOCK(), 3))

    def addSuccess(self, test):
        note(case=test.id(), outcome="passed")
        super().addSuccess(test)

    def addError(self, test, error):
        note(case=test.id(), outcome="failed", why=described(error))
        super().addError(test, error)

    def addFailure(self, test, error):
        note(case=test.id(), outcome="failed", why=described(error))
        super().addFailure(test, error)

    def addSubTest(self, test, subtest, error):
        if error is not None:
            note(case=test.id(), outcome="failed", why=f"{subtest.id()}\n{described(error)}")
        super().addSubTest(test, subtest, error)

    def addSkip(self, test, reason):
        whole = getattr(test, "test_case", test)  # where a subtest is skipped, its case is what counts
        note(case=whole.id(), outcome="skipped", why=reason)
        super().addSkip(test, reason)

    def addExpectedFailure(self, test, error):
        note(case=test.id(), outcome="failed as expected")
        super().addExpectedFailure(test, error)

    def addUnexpectedSuccess(self, test):
        note(case=test.id(), outcome="passed unexpectedly")
        super().addUnexpectedSuccess(test)


testresult.RegressionTestResult = NotingResult
if __name__ == "__main__":
    sys.argv[1:2] = []
    main()
