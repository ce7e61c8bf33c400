import Epochs
import Glibc
import GuestKernel
import Replication

/// What `--report` writes: JSON, with names as below in snake case. Numbers of a new schema may mean something else;
/// within one, names are only added.
public struct RunReport: Encodable, Sendable {
    struct Syscalls: Encodable, Sendable {
        var total: UInt64
        /// Those that a signal brought to the supervisor; the others left the guest by a jump.
        var caught: UInt64
        /// How often each was called.
        var byName: [String: UInt64]
        /// Those that were answered ENOSYS because they are not served.
        var unknown: [String: UInt64]
    }

    struct Stops: Encodable, Sendable {
        var seed: UInt64
        var ratePerSecond: UInt64
        var count: UInt64
    }

    /// What replication did. Pauses and the like are of all epochs but the first.
    public struct Replication: Encodable, Sendable {
        var epochs: UInt64
        var epochsByNeed: UInt64
        var pages: UInt64
        var bytes: UInt64
        /// What the bytes went out in: each frame is a call of the host's.
        var frames: UInt64
        /// Epochs that another thread sent than the one that had cut them.
        var epochsHandedOver: UInt64
        var pauseMicroseconds: Quantiles
        /// What it was spent on.
        var pauseStages: Stages
        /// How many pages were copied before their pause, while the guest ran; one copied twice counts twice.
        var preCopiedPages: UInt64
        var dirtyPages: Quantiles
        var commitMicroseconds: Quantiles
        /// How pages were encoded, but for those of the first epoch.
        var pageEncoding: PageEncoding
        var firstEpochPageEncoding: PageEncoding
        /// What was done because the link did not keep up.
        var pace: Pace
        /// Why the guest went on without its mirror; nil where it did not.
        var unprotected: String?

        /// In microseconds: stopping all threads; finding dirty pages; copying them; records, output, files, resuming.
        struct Stages: Encodable, Sendable {
            var stop: Quantiles
            var scan: Quantiles
            var copy: Quantiles
            var record: Quantiles
        }

        /// How often each step was taken: epochs cut into one that waited, intervals made longer, the guest slowed, and
        /// such a step taken back.
        public struct Pace: Codable, Sendable {
            public var merged: UInt64
            public var stretched: UInt64
            public var slowed: UInt64
            public var recovered: UInt64
        }

        struct PageEncoding: Encodable, Sendable {
            struct Coding: Encodable, Sendable {
                var pages: UInt64
                var bytes: UInt64
            }

            var pages: UInt64
            /// Without any coding, and as they were sent, with their headers.
            var rawBytes: UInt64
            var encodedBytes: UInt64
            /// The one by the other; nil where there were none.
            var ratio: Double?
            /// By what `PageCoding` calls them.
            var codings: [String: Coding]
            /// Pages with a previous version in the cache, those without, and those that had to leave it.
            var cacheHits: UInt64
            var cacheMisses: UInt64
            var cacheEvictions: UInt64
        }
    }

    struct Commits: Encodable, Sendable {
        var seed: UInt64
        var epochs: UInt64
    }

    struct Memory: Encodable, Sendable {
        /// The guest's mappings, as VmSize counts them.
        var mappedBytes: UInt64
        var mappedBytesPeak: UInt64
        /// Of the whole process, supervisor included.
        var residentBytesPeak: UInt64
    }

    var schema = 1
    var understudy = understudyVersion
    var pid: Int32
    /// The file that was loaded; what was asked for where none was.
    var program: String
    var arguments: [String]
    var dispatch: String?
    var started: String
    var ended: String
    var wallSeconds: Double
    /// Exactly one of these three says how it ended.
    var exitStatus: Int32?
    var signal: Int32?
    var error: String?
    var signalName: String?
    var threadsStarted: UInt64 = 0
    /// Without those that rewritten call sites answer themselves (getpid and the like).
    var syscalls = Syscalls(total: 0, caught: 0, byName: [:], unknown: [:])
    /// How many call sites are rewritten.
    var rewrittenCallSites = 0
    var testStops: Stops?
    var testCommits: Commits?
    var memory: Memory?
    var replication: Replication?
    /// On the mirror: the epoch from which the guest went on here.
    var takeoverEpoch: UInt64?

    mutating func fill(from kernel: GuestKernel, stops: TestStops?, commits: TestCommits?) {
        let counts = kernel.callCounts()
        syscalls.total = counts.byNumber.values.reduce(0, +)
        syscalls.caught = counts.caught
        rewrittenCallSites = counts.rewrittenCallSites
        syscalls.byName = RunReport.named(counts.byNumber)
        syscalls.unknown = RunReport.named(counts.unknown)
        threadsStarted = counts.threadsStarted
        testStops = stops.map { Stops(seed: $0.seed, ratePerSecond: $0.rate, count: $0.count) }
        testCommits = commits.map { Commits(seed: $0.seed, epochs: $0.count) }
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        memory = Memory(
            mappedBytes: kernel.memory.mappedByteCount, mappedBytesPeak: kernel.memory.mappedByteCountPeak,
            residentBytesPeak: UInt64(usage.ru_maxrss) << 10)
    }

    mutating func fill(from statistics: ReplicationStatistics) {
        replication = statistics.state.withLock { state in
            Replication(
                epochs: state.epochs, epochsByNeed: state.epochsByNeed, pages: state.pages, bytes: state.bytes,
                frames: state.frames, epochsHandedOver: state.epochsHandedOver,
                pauseMicroseconds: .init(state.pauses, unit: 1000),
                pauseStages: .init(state.pauseStages), preCopiedPages: state.preCopiedPages,
                dirtyPages: .init(state.dirtyPages, unit: 1),
                commitMicroseconds: .init(state.commits, unit: 1000), pageEncoding: .init(state.pageTally),
                firstEpochPageEncoding: .init(state.firstPageTally), pace: .init(state.paceCounts),
                unprotected: state.unprotectedReason)
        }
    }

    mutating func setSignal(_ number: Int32, name: String) {
        signal = number
        signalName = name
    }

    private static func named(_ counts: [Int: UInt64]) -> [String: UInt64] {
        Dictionary(counts.map { (SyscallTable.name(of: $0.key), $0.value) }, uniquingKeysWith: +)
    }
}

/// As `--version` prints it.
public let understudyVersion = "0.1.0"

extension RunReport.Replication.Pace {
    init(_ counts: EpochPace.Counts) {
        self.init(
            merged: counts.merged, stretched: counts.stretched, slowed: counts.slowed, recovered: counts.recovered)
    }
}

extension RunReport.Replication.Stages {
    init(_ stages: PauseStages.Distributions) {
        self.init(
            stop: .init(stages.stop, unit: 1000), scan: .init(stages.scan, unit: 1000),
            copy: .init(stages.copy, unit: 1000), record: .init(stages.record, unit: 1000))
    }
}

extension RunReport.Replication.PageEncoding {
    init(_ tally: PageTally) {
        let codings = PageCoding.allCases.map { coding in
            (coding.name, Coding(pages: tally.pageCount(coding), bytes: tally.byteCount(coding)))
        }
        self.init(
            pages: tally.pageCount, rawBytes: tally.rawByteCount, encodedBytes: tally.byteCount,
            ratio: tally.byteCount == 0 ? nil : Double(tally.rawByteCount) / Double(tally.byteCount),
            codings: Dictionary(uniqueKeysWithValues: codings), cacheHits: tally.historyHits,
            cacheMisses: tally.historyMisses, cacheEvictions: tally.historyEvictions)
    }
}
