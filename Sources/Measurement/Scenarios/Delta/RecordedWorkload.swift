import Glibc

/// What is recorded: five programs, each with its own way to change memory.
enum RecordedWorkload: String, CaseIterable {
    case smallValues = "redis SET"
    case largeValues = "redis, 1 MB values"
    case inserts = "sqlite inserts"
    case dirtyPages = "dirty_page 1000"
    case objects = "python allocation"

    /// What an epoch of it is.
    var step: String {
        switch self {
        case .smallValues: return "100 SETs of some 90 bytes, 10 000 keys"
        case .largeValues: return "one SET of 1 MB, 20 keys"
        case .inserts: return "a transaction of 100 inserts, in a volume"
        case .dirtyPages: return "a word in each of 1000 pages of 4000, and their model"
        case .objects: return "1000 lists and dictionaries, of which 100 stay"
        }
    }

    func stepCount(_ plan: BenchPlan) -> Int {
        switch self {
        case .smallValues, .objects: return plan.pick(short: 60, full: 250)
        case .largeValues: return plan.pick(short: 20, full: 100)
        case .inserts: return plan.pick(short: 60, full: 300)
        case .dirtyPages: return plan.pick(short: 12, full: 45)
        }
    }

    /// Why it cannot run here; nil where it can.
    var missing: String? {
        switch self {
        case .smallValues, .largeValues:
            return HostPrograms.path(of: "redis-server") == nil ? "redis-server is not installed" : nil
        case .objects: return HostPrograms.path(of: "python3") == nil ? "python3 is not installed" : nil
        case .inserts:
            guard let python = HostPrograms.path(of: "python3") else { return "python3 is not installed" }
            let isThere = (try? ChildProcess.seconds(of: [python, "-c", "import sqlite3"], secondsMax: 60)) != nil
            return isThere ? nil : "python3 has no module sqlite3"
        case .dirtyPages: return nil
        }
    }

    /// Starts it, with these options of `run`.
    func start(_ bench: Bench, _ options: [String], in directory: String) throws(MeasurementError)
        -> any RecordedGuest
    {
        let errors = "\(directory)/errors"
        switch self {
        case .smallValues, .largeValues:
            guard let redis = HostPrograms.path(of: "redis-server") else { throw MeasurementError("no redis-server") }
            return try SteppedRedis(
                { bench.run(options, $0) }, redis: redis, directory: directory,
                self == .smallValues ? RecordedWorkload.smallCommands() : RecordedWorkload.largeCommands())
        case .inserts:
            let volume = "\(directory)/volume"
            guard mkdir(volume, 0o700) == 0 else { throw MeasurementError("\(volume): \(errorText(errno))") }
            let words = try RecordedWorkload.python(RecordedPrograms.inserts) + ["\(volume)/orders.db"]
            return try SteppedProgram(bench.run(options + ["--volume", volume], words), errors: errors)
        case .objects:
            let words = try RecordedWorkload.python(RecordedPrograms.objects)
            return try SteppedProgram(bench.run(options, words), errors: errors)
        case .dirtyPages:
            return try SteppedProgram(bench.run(options, bench.guest("dirty_page", "1000")), errors: errors)
        }
    }

    private static func python(_ program: String) throws(MeasurementError) -> [String] {
        guard let python = HostPrograms.path(of: "python3") else { throw MeasurementError("no python3") }
        return [python, "-c", program]
    }

    // MARK: - What redis is sent

    private static func smallCommands() -> (Int) -> [(key: String, value: [UInt8])] {
        var numbers = SeededNumbers(seed: 1)
        return { step in
            (0..<100).map { ("key:\(numbers.below(10_000))", Array(record(step * 100 + $0).utf8)) }
        }
    }

    private static func largeCommands() -> (Int) -> [(key: String, value: [UInt8])] {
        var numbers = SeededNumbers(seed: 1)
        return { step in
            var value: [UInt8] = []
            var row = step * 12_000
            while value.count < 1 << 20 {
                value += Array("\(record(row))\n".utf8)
                row += 1
            }
            return [("key:\(numbers.below(20))", Array(value.prefix(1 << 20)))]
        }
    }

    /// What an application might keep: names that are always the same, and values that are not.
    private static func record(_ number: Int) -> String {
        let two = { (value: Int) in value < 10 ? "0\(value)" : "\(value)" }
        return "{\"id\":\(number),\"name\":\"user \(number * 7919 % 100_003)\",\"visits\":\(number % 97),"
            + "\"seen\":\"2026-11-\(two(number % 28 + 1))T\(two(number % 24)):\(two(number % 60)):00Z\","
            + "\"tags\":[\"a\",\"b\"]}"
    }
}

/// Python programs that do a step for each line.
enum RecordedPrograms {
    static let inserts = """
        import sqlite3, sys
        database = sqlite3.connect(sys.argv[1], isolation_level=None)
        database.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT, item INTEGER, price REAL)")
        print("ready", flush=True)
        for line in sys.stdin:
            first = int(line) * 100
            database.execute("BEGIN")
            for number in range(first, first + 100):
                values = (f"customer {number * 7919 % 10007}", number * 31 % 977, number % 1000 / 8)
                database.execute("INSERT INTO orders (customer, item, price) VALUES (?, ?, ?)", values)
            database.execute("COMMIT")
            print("done", flush=True)
        """

    static let objects = """
        import sys
        kept = {}
        print("ready", flush=True)
        for line in sys.stdin:
            step = int(line)
            for number in range(1000):
                row = [step, number, f"{step}/{number}", {"name": str(number), "parts": list(range(number % 20))}]
                if number % 10 == 0:
                    kept[(step * 7 + number) % 5000] = row
            print("done", flush=True)
        """
}
