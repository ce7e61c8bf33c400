import Epochs
import GuestKernel
import Replication

/// What `understudy ctl status` shows: the pipeline at one moment. Names as below in snake case; within a schema they
/// are only added.
public struct PipelineStatus: Codable, Sendable {
    /// Epoch numbers.
    public struct Epochs: Codable, Sendable {
        public var cut: UInt64
        public var sent: UInt64
        public var committed: UInt64
        /// Cut and not committed yet.
        public var inFlight: UInt64
        public var byNeed: UInt64
    }

    public struct Interval: Codable, Sendable {
        public var isAuto: Bool
        /// What is wanted, and what it is stretched to at the moment.
        public var milliseconds: Double
        public var stretchedMilliseconds: Double
    }

    public struct Queue: Codable, Sendable {
        public var waitingEpochs: Int
        public var waitingBytes: Int
        public var sendingBytes: Int
        public var limitBytes: Int
    }

    public struct Pages: Codable, Sendable {
        public var count: UInt64
        public var rawBytes: UInt64
        public var encodedBytes: UInt64
        /// Copied before their pause.
        public var preCopied: UInt64
    }

    public var schema = 1
    public var pid: Int32
    /// primary or blackhole.
    public var role: String
    /// protected, unprotected, superseded or finished; measuring without a mirror.
    public var state: String
    public var mirror: String?
    /// What is being done about the link, in words.
    public var activity: String
    public var epochs: Epochs
    public var interval: Interval
    public var queue: Queue
    public var pace: RunReport.Replication.Pace
    /// Of the time the guest does not run at the moment.
    public var slowedPercent: Int
    public var heldOutputBytes: Int
    public var linkBytes: UInt64
    public var pages: Pages
    public var pauseMicroseconds: Quantiles
    public var commitMicroseconds: Quantiles
}

extension PipelineStatus {
    init(of role: any ReplicationRole, pid: Int32, heldByteCount: Int) {
        let checkpointer = role.checkpointer
        let load = checkpointer.queue.load
        let limit = checkpointer.queueByteCountMax
        let wanted = checkpointer.interval.nanoseconds
        self = role.statistics.state.withLock { state in
            PipelineStatus(
                pid: pid, role: role.peer == nil ? "blackhole" : "primary", state: role.stateName, mirror: role.peer,
                activity: EpochPace.step(load, limitByteCount: limit, level: state.paceLevel).rawValue,
                epochs: Epochs(
                    cut: state.cutEpoch, sent: state.sentEpoch, committed: state.committed,
                    inFlight: state.cutEpoch - min(state.committed, state.cutEpoch),
                    byNeed: state.epochsByNeed),
                interval: Interval(
                    isAuto: checkpointer.interval.isAutomatic, milliseconds: Double(wanted) / 1e6,
                    stretchedMilliseconds: Double(EpochPace.stretched(wanted, level: state.paceLevel)) / 1e6),
                queue: Queue(
                    waitingEpochs: load.waitingCount, waitingBytes: load.waitingByteCount,
                    sendingBytes: load.begunByteCount, limitBytes: limit),
                pace: .init(state.paceCounts), slowedPercent: state.slowPercent, heldOutputBytes: heldByteCount,
                linkBytes: state.bytes,
                pages: Pages(
                    count: state.pageTally.pageCount, rawBytes: state.pageTally.rawByteCount,
                    encodedBytes: state.pageTally.byteCount, preCopied: state.preCopiedPages),
                pauseMicroseconds: Quantiles(state.pauses, unit: 1000),
                commitMicroseconds: Quantiles(state.commits, unit: 1000))
        }
    }
}
