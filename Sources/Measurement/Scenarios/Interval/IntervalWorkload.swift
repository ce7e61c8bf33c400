import CMeasurement
import Glibc

/// A guest with a fixed amount of work, which natively takes about as long as was asked for.
struct IntervalWorkload {
    enum Clock {
        /// The guest prints the seconds that its work took.
        case itsOwn
        /// From its start to its end.
        case ours
    }

    let name: String
    let guest: [String]
    let clock: Clock
    /// What `run` needs to be told when it has a mirror.
    let mirrorOptions: [String]

    private static let secondsMax = 600.0
    /// A trial that takes a smaller share of the time says little of how long more of the same takes.
    private static let trialShareMin = 0.25

    /// The seconds of its work.
    func seconds(_ prefix: [String]) throws(MeasurementError) -> Double {
        let words = prefix + guest
        if clock == .ours {
            return try ChildProcess.seconds(of: words, secondsMax: IntervalWorkload.secondsMax)
        }
        return try Bench.number(
            in: try ChildProcess.output(of: words, secondsMax: IntervalWorkload.secondsMax), of: words)
    }

    /// - Parameter make: the workload with so much to do.
    static func lasting(
        _ seconds: Double, first: Int, _ make: (Int) throws(MeasurementError) -> IntervalWorkload
    ) throws(MeasurementError) -> IntervalWorkload {
        var count = first
        while true {
            let found = try make(count).seconds([])
            if found < seconds * trialShareMin {
                count *= 4
                continue
            }
            return try make(max(1, Int(Double(count) * seconds / found)))
        }
    }
}

extension IntervalWorkload {
    static func loop(_ name: String, _ kind: String, first: Int, _ seconds: Double, _ bench: Bench)
        throws(MeasurementError) -> IntervalWorkload
    {
        try lasting(seconds, first: first) { count in
            IntervalWorkload(
                name: name, guest: bench.guest("loops", kind, "\(count)"), clock: .itsOwn, mirrorOptions: [])
        }
    }

    static func dirtyPages(_ pages: Int, _ seconds: Double, _ bench: Bench) throws(MeasurementError)
        -> IntervalWorkload
    {
        try lasting(seconds, first: max(1, 2_000_000 / pages)) { rounds in
            IntervalWorkload(
                name: "dirty_page(\(pages))", guest: bench.guest("dirty_page", "\(pages)", "\(rounds)"),
                clock: .itsOwn, mirrorOptions: [])
        }
    }

    static func disk(_ seconds: Double, _ bench: Bench) throws(MeasurementError) -> IntervalWorkload {
        let volume = bench.scratch.path("disk-volume")
        let root = bench.scratch.path("disk-mirror")
        for path in [volume, root] where mkdir(path, 0o700) != 0 && errno != EEXIST {
            throw MeasurementError("\(path): \(errorText(errno))")
        }
        return try lasting(seconds, first: 1000) { count in
            IntervalWorkload(
                name: "disk", guest: bench.guest("disk", volume, "\(count)"), clock: .itsOwn,
                mirrorOptions: ["--volume", volume, "--volume-root", root])
        }
    }

    /// cc1 itself, as gcc would start it for a large file.
    static func compile(_ compiler: String, _ seconds: Double, _ bench: Bench) throws(MeasurementError)
        -> IntervalWorkload
    {
        let source = bench.scratch.path("compiled.c")
        return try lasting(seconds, first: 20) { (count) throws(MeasurementError) in
            try HostFile.write(Array(GeneratedSource.text(functionCount: count, seed: 1).utf8), to: source)
            return IntervalWorkload(
                name: "compile (cc1)", guest: [compiler, "-quiet", "-O2", "-w", source, "-o", "/dev/null"],
                clock: .ours,
                mirrorOptions: [])
        }
    }

    /// Where gcc has its compiler proper; nil without gcc.
    static var compiler: String? {
        guard let gcc = HostPrograms.path(of: "gcc"),
            let said = try? ChildProcess.output(of: [gcc, "-print-prog-name=cc1"], secondsMax: 20)
        else { return nil }
        let path = String(said.prefix { $0 != "\n" })
        return path.hasPrefix("/") && access(path, X_OK) == 0 ? path : nil
    }
}
