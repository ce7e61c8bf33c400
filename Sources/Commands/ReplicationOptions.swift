import ArgumentParser
import Epochs
import GuestMemory
import Supervisor
import Transport

/// What `run` takes about its mirror.
struct ReplicationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Replicate to the mirror there; local starts one on this machine.", valueName: "host:port|local"),
        transform: target(parsing:))
    var mirror: ReplicationRequest.Target?

    @Option(
        help: ArgumentHelp(
            "The longest time between checkpoints: 1ms to 24h, or auto (default: 25ms).", valueName: "duration|auto"),
        transform: EpochChoice.init(parsing:))
    var epoch: EpochChoice?

    @Option(
        help: ArgumentHelp(
            "The longest time that output waits for a checkpoint while the guest keeps running (default: 5ms).",
            valueName: "duration"),
        transform: DurationOption.within(100_000...60_000_000_000, "100us to 60s"))
    var maxHold: DurationOption?

    @Option(
        help: ArgumentHelp("How dirty pages are found: auto, kernel or signal.", valueName: "method"),
        transform: TrackerChoice.init(parsing:))
    var tracker = TrackerChoice.automatic

    @Option(
        help: ArgumentHelp(
            "What is done to pages before they travel: auto, off, lz4, xor-rle or xor-lz4.", valueName: "method"),
        transform: compression(parsing:))
    var compress: Compression?

    @Option(
        help: ArgumentHelp(
            "Memory for previous versions of pages, which later ones travel as differences to (default: 128M).",
            valueName: "size"),
        transform: SizeOption.init(parsing:))
    var deltaCache: SizeOption?

    @Option(
        help: ArgumentHelp(
            "What may wait for a slow link before epochs are merged and the guest is slowed (default: 64M).",
            valueName: "size"),
        transform: SizeOption.init(parsing:))
    var queueLimit: SizeOption?

    @Flag(help: "Have the guest stand still until the mirror has each epoch.")
    var sync = false

    @Flag(help: "Cut, encode and count epochs without a mirror, to measure what one would cost.")
    var blackhole = false

    @Option(
        help: ArgumentHelp(
            "Write what a mirror would be sent to a file: what bench records pages with.", valueName: "file",
            visibility: .hidden))
    var blackholeFile: String?

    @OptionGroup var peers: PeerOptions

    private static let queueLimitByteCountMin = 1 << 20

    func validate() throws {
        if let queueLimit, queueLimit.byteCount < ReplicationOptions.queueLimitByteCountMin {
            throw ValidationError("--queue-limit is 1M at least")
        }
        if blackholeFile != nil, !blackhole { throw ValidationError("--blackhole-file is about --blackhole: add it") }
        if blackhole, mirror != nil { throw ValidationError("--blackhole is instead of a mirror: use one of them") }
        if mirror != nil || blackhole { return }
        if epoch != nil || maxHold != nil || tracker != .automatic || peers.failureTimeout != nil
            || peers.fenceCommand != nil || compress != nil || deltaCache != nil || queueLimit != nil || sync
        {
            throw ValidationError("--epoch, --max-hold, --tracker and the like are about a mirror: add --mirror")
        }
    }

    var request: ReplicationRequest? {
        guard let target = mirror ?? (blackhole ? .blackhole : nil) else { return nil }
        var request = ReplicationRequest(target: target)
        if let epoch { request.epoch = epoch }
        if let maxHold { request.holdNanosecondsMax = maxHold.nanoseconds }
        request.tracker = tracker.method
        if let compress { request.compression = compress }
        if let deltaCache { request.deltaCacheByteCount = deltaCache.byteCount }
        if let queueLimit { request.queueByteCountMax = queueLimit.byteCount }
        request.isSynchronous = sync
        request.blackholeFile = blackholeFile
        request.peers = peers.request
        return request
    }

    private static func compression(parsing text: String) throws -> Compression {
        guard let compression = Compression(rawValue: text) else {
            throw ValidationError("use auto, off, lz4, xor-rle or xor-lz4")
        }
        return compression
    }

    private static func target(parsing text: String) throws -> ReplicationRequest.Target {
        if text == "local" { return .local }
        do {
            _ = try Endpoint(parsing: text)
        } catch {
            throw ValidationError(error.message)
        }
        return .endpoint(text)
    }
}

extension EpochChoice {
    /// `--epoch`.
    init(parsing text: String) throws {
        if text == "auto" {
            self = .automatic
            return
        }
        let duration = try DurationOption.within(EpochChoice.nanosecondsAllowed, "1ms to 24h, or auto")(text)
        self = .fixed(nanoseconds: duration.nanoseconds)
    }
}

/// `--tracker`.
enum TrackerChoice: Sendable, Equatable {
    case automatic
    case exactly(TrackerMethod)

    init(parsing text: String) throws {
        if text == "auto" {
            self = .automatic
        } else if let method = TrackerMethod(name: text) {
            self = .exactly(method)
        } else {
            throw ValidationError("use auto, kernel or signal")
        }
    }

    /// Nil chooses the best that the kernel has.
    var method: TrackerMethod? {
        switch self {
        case .automatic: return nil
        case .exactly(let method): return method
        }
    }
}
