import Foundation
import TestSupport
import Testing

/// One run of a guest program that something happens to: which program, under which conditions, and when it happens.
struct TakeoverCase: Sendable, CustomTestStringConvertible {
    let entry: CorpusEntry
    let linkage: Linkage
    let path: String
    /// The row's place in the tables, moved by the seed and the pass: what takes turns takes them by this.
    let turn: Int

    var options: ReplicationOptions {
        var options = ReplicationOptions(
            tracker: .taking(turn: turn), dispatch: .taking(turn: turn / Tracker.allCases.count))
        options.epoch = [nil, "5ms", "1ms"][turn / 2 % 3]
        options.primaryWords = encoding + rewriting
        return options
    }

    /// Call sites are rewritten at once in most, so that the mirror goes on with rewritten code.
    private var rewriting: [String] {
        [["--test-rewrite-after", "1"], [], ["--test-rewrite-after", "1"], ["--no-rewrite"]][turn / 5 % 4]
    }

    /// How pages travel; with so small a cache they leave it all the time.
    private var encoding: [String] {
        let ways = [[], ["--delta-cache", "100K"], ["--compress", "xor-rle"], ["--compress", "xor-lz4"]]
        return ways[turn / 3 % ways.count]
    }

    var testDescription: String {
        "\(entry) (\(linkage), \(options.tracker!), \(options.dispatch!), epoch \(options.epoch ?? "default"), "
            + "\((rewriting + encoding).joined(separator: " ")), seed \(TestEnvironment.seed))"
    }

    var command: Command {
        var command = Command(path, entry.arguments)
        command.directory = "/tmp"
        return command
    }

    /// A moment of the program's life: as long after its first epoch as it takes natively, or shorter; a little more,
    /// as some would otherwise end each time, or never.
    func delayNanoseconds(nativeSeconds: Double) -> UInt64 {
        var generator = SeededGenerator(seed: TestEnvironment.seed &* 1_000_003 &+ UInt64(turn))
        let most = nativeSeconds * 1.5 + 0.005
        return UInt64(Double.random(in: 0..<most, using: &generator) * 1e9)
    }

    /// How often each program has its turn.
    static let passes = max(1, Int(ProcessInfo.processInfo.environment["UNDERSTUDY_CORPUS_PASSES"] ?? "") ?? 1)

    /// Every program with a verdict, statically linked; of those linked otherwise, and of those that are about how a
    /// program ends, some, which the seed chooses. Those that a takeover upsets are left out.
    static let killed = cases { entry, linkage, turn in
        guard entry.survivesTakeovers else { return false }
        switch (linkage, entry.expected) {
        case (.static, .verdict): return true
        case (.static, _): return turn % 3 == 0
        case (.dynamic, .verdict): return turn % 4 == 0
        case (.staticPIE, .verdict): return turn % 4 == 1
        default: return false
        }
    }

    /// Programs with a verdict, statically linked: those that a takeover upsets because of their files, and a quarter
    /// of the others.
    static let inVolume = cases { entry, linkage, turn in
        guard case .verdict = entry.expected, linkage == .static, !entry.mapsNamelessFile else { return false }
        guard let reason = entry.takeoverException?.reason else { return turn % 4 == 2 }
        return reason.hasPrefix("files outside a volume")
    }

    /// Those that are taken over after their calls: every program that a takeover does not upset.
    static let afterCalls = cases { entry, linkage, turn in
        guard entry.survivesTakeovers, !entry.mapsNamelessFile else { return false }
        return linkage == .static || linkage == .dynamic && turn % 8 == 0
    }

    /// A third of all programs, whether a takeover upsets them or not.
    static func third(_ number: Int) -> [TakeoverCase] {
        cases { entry, linkage, turn in entry.isSameWithMirror && linkage == .static && turn % 3 == number }
    }

    private static func cases(_ isWanted: (CorpusEntry, Linkage, Int) -> Bool) -> [TakeoverCase] {
        var cases: [TakeoverCase] = []
        let entries = CorpusEntry.all
        for pass in 0..<passes {
            for (index, entry) in entries.enumerated() {
                let turn = index + Int(TestEnvironment.seed % 1_000_000) + pass * (entries.count | 1)
                for linkage in Linkage.allCases where isWanted(entry, linkage, turn) {
                    guard let path = linkage.path(of: entry.name) else { continue }
                    cases.append(TakeoverCase(entry: entry, linkage: linkage, path: path, turn: turn))
                }
            }
        }
        return cases
    }
}
