import GuestMemory

/// What a guest stood still for, part by part, in nanoseconds.
struct PauseStages {
    /// Until all threads stood.
    var stop: UInt64 = 0
    /// Finding the dirty pages, and having them watched again.
    var scan: UInt64 = 0
    /// Copying them.
    var copy: UInt64 = 0
    /// The records, the output and the files, and letting the threads go.
    var record: UInt64 = 0

    mutating func note(start: UInt64, stopped: UInt64, resumed: UInt64, _ cost: CollectionCost) {
        stop = stopped - start
        scan = cost.scanNanoseconds
        copy = cost.copyNanoseconds
        let rest = resumed - stopped
        record = rest - min(rest, scan + copy)
    }

    /// How they are distributed over the epochs.
    struct Distributions {
        private(set) var stop = Distribution()
        private(set) var scan = Distribution()
        private(set) var copy = Distribution()
        private(set) var record = Distribution()

        mutating func add(_ stages: PauseStages) {
            stop.add(stages.stop)
            scan.add(stages.scan)
            copy.add(stages.copy)
            record.add(stages.record)
        }
    }
}
