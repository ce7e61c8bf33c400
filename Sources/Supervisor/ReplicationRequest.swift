import Epochs
public import GuestKernel
import GuestMemory
public import Volumes

/// What `run` and `mirror` were asked for about replication.
public struct ReplicationRequest: Sendable {
    /// Where the mirror is.
    public enum Target: Sendable, Equatable {
        /// Started by `run` itself, on this machine.
        case local
        /// `HOST:PORT`.
        case endpoint(String)
        /// Nowhere: the pipeline runs, and all that it would hold is released at once.
        case blackhole
    }

    public var target: Target
    /// The longest time between checkpoints.
    public var epoch = EpochChoice.fixed(nanoseconds: 25_000_000)
    /// The longest time that output waits for a checkpoint while the guest keeps running.
    public var holdNanosecondsMax: UInt64 = 5_000_000
    /// Nil chooses the best that the kernel has.
    public var tracker: TrackerMethod?
    public var compression = Compression.automatic
    /// For previous versions of pages, and what finds them; for nothing else. 32 000 pages: what a busy guest writes
    /// within some seconds.
    public var deltaCacheByteCount = 128 << 20
    /// Above it epochs that wait for the link are merged; at twice as much no epoch is cut.
    public var queueByteCountMax = 64 << 20
    /// The guest stands still until each epoch is committed.
    public var isSynchronous = false
    public var peers = PeerRequest()
    /// Where what a mirror would be sent is written, with `.blackhole`; nil for nowhere.
    public var blackholeFile: String?
    /// The directories whose files are replicated; where the guest knows them is where they are.
    public var volumes: [VolumePlace] = []
    /// What the guest has synced is on the mirror's disk as well before anything that tells of it goes out.
    public var isDurable = false
    /// Where a mirror that `run` itself starts puts the volumes.
    public var localVolumeRoot: String?
    /// Where a test has the primary die.
    public var testFault: TestFault?
    /// Paths outside the volumes that the guest may write to all the same.
    public var writableExceptions: [String] = []

    public init(target: Target) {
        self.target = target
    }

    /// Whether pages that have not changed are told from others, by what was sent last, and cost next to nothing.
    var remembersPages: Bool { compression.usesHistory && deltaCacheByteCount >= 4 << 20 }
}

/// What both sides are asked for about their peer.
public struct PeerRequest: Sendable {
    /// Silence that counts as failure; nil never does.
    public var failureTimeoutNanoseconds: UInt64? = 500_000_000
    /// Run before acting on a silent peer on another machine.
    public var fenceCommand: String?
    /// A test's wish: behave as if the peer were on another machine.
    public var isTreatedAsRemote = false

    public init() {}
}
