"""What two runs of the same tests differ in, and which differences are expected."""
import pathlib
import tempfile

GOOD = {"passed", "failed as expected"}


def differences(native, inside):
    """Each case that is good natively and is something else inside, with why."""
    found = {}
    for case, outcome in native.outcomes.items():
        here = inside.outcomes.get(case, "missing")
        if outcome in GOOD and here != outcome:
            found[case] = f"{inside.reasons.get(case) or ''}\n{here}"
    if inside.trouble and not native.trouble:
        found[f"{native.module.name} (whole)"] = inside.trouble
    return found


class Expectations:
    """Lines of `CASE<TAB>REASON`; a case may end with `*`."""

    def __init__(self, paths):
        self.reasons, self.seen, self.used = {}, set(), set()
        for path in paths:
            for number, line in enumerate(path.read_text().splitlines() if path.exists() else [], 1):
                if not line.strip() or line.startswith("#"):
                    continue
                case, tab, reason = line.partition("\t")
                if not tab or not reason.strip():
                    raise SystemExit(f"{path}:{number}: give each expected difference a reason, after a tab")
                self.reasons[case] = reason

    @property
    def hanging(self):
        return [name for name, reason in self.reasons.items() if reason.startswith("hangs")]

    def reason(self, case):
        names = [name for name in self.reasons
                 if name == case or (name.endswith("*") and case.startswith(name[:-1]))]
        if names:
            self.seen.add(case)
            self.used.update(names)
        return self.reasons[names[0]] if names else None

    def unused(self, ran, whole):
        """Expected differences that did not occur, of the cases that were run, or of all."""
        for name in sorted(set(self.reasons) - self.used):
            stem = name.rstrip("*")
            if whole or any(case.startswith(stem) for case in ran):
                yield name


def self_test(make_run):
    """Proves, on outcomes made up, that what differs is seen; `make_run` gives a run of a module."""
    def made(cases, ending="status 0"):
        run = make_run()
        for case, *outcomes in cases:
            for outcome in outcomes:
                run.add(case, outcome, "why")
        run.ending = ending
        return run

    native = made([("a", "passed"), ("b", "failed as expected"), ("c", "failed"), ("d", "skipped")])
    same = [native, made([("a", "passed"), ("b", "failed as expected"), ("c", "passed"), ("d", "passed")], "status 2")]
    for inside in same:
        assert differences(native, inside) == {}, inside.outcomes
    rest = [("b", "failed as expected")]
    for outcomes in (["failed"], ["skipped"], ["passed unexpectedly"], ["failed", "passed"], ["passed", "failed"], []):
        inside = made([("a", *outcomes), *rest] if outcomes else rest)
        assert set(differences(native, inside)) == {"a"}, outcomes
    assert set(differences(native, made([("a", "passed"), ("b", "passed")]))) == {"b"}
    for ending in ("status 1", "status 3", "hangs", "SIGSEGV", "status 125"):
        inside = made([("a", "passed"), *rest], ending)
        assert set(differences(native, inside)) == {"test_made_up (whole)"}, ending
    with tempfile.TemporaryDirectory() as scratch:
        path = pathlib.Path(scratch, "expected")
        path.write_text("# a comment\n\nm.a\ta reason\nm.b*\tanother\nm.c\thangs, it does\n")
        expected = Expectations([path])
        assert expected.hanging == ["m.c"] and expected.reason("m.bb") == "another" and not expected.reason("m.aa")
        assert list(expected.unused({"m.a", "other"}, whole=False)) == ["m.a"]
        assert list(expected.unused(set(), whole=True)) == ["m.a", "m.c"]
        path.write_text("m.a\n")
        try:
            Expectations([path])
        except SystemExit as error:
            assert "reason" in str(error)
        else:
            raise AssertionError("an expected difference without a reason is taken")
    print("python-suite: self-test: passed")
    return 0
