import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

/// The guest's resource limits. They start as the supervisor's, with the stack limit that was in
/// force before the supervisor lowered its own. Descriptors, heap and stack are limited here; processor time and files'
/// size by the host, where there is no mirror; the rest is recorded.
final class ResourceLimits: Sendable {
    static let processorTime = 0
    static let fileSize = 1
    static let data = 2
    static let stack = 3
    static let openFiles = 7
    static let count = 16
    static let infinity = UInt64.max

    struct Limit: BitwiseCopyable, Sendable, Equatable {
        var soft: UInt64
        var hard: UInt64
    }

    private let limits: Mutex<[Limit]>

    init(originalStack: GuestConfiguration.Limit?) {
        var limits = (0..<ResourceLimits.count).map { resource in
            var limit = Limit(soft: ResourceLimits.infinity, hard: ResourceLimits.infinity)
            hostCall(__NR_prlimit64, 0, UInt64(resource), 0, UInt64(address: &limit))
            return limit
        }
        if let original = originalStack {
            limits[ResourceLimits.stack] = Limit(soft: original.soft, hard: original.hard)
        }
        self.limits = Mutex(limits)
    }

    /// A guest that goes on has the limits that it had.
    init(_ limits: [Limit]) {
        precondition(limits.count == ResourceLimits.count, "\(limits.count) resource limits instead of 16")
        self.limits = Mutex(limits)
    }

    /// All of them, by resource.
    var all: [Limit] { limits.withLock { $0 } }

    func soft(of resource: Int) -> UInt64 {
        limits.withLock { $0[resource].soft }
    }

    func get(_ resource: Int) -> Limit {
        limits.withLock { $0[resource] }
    }

    /// 0 or a negative errno, by do_prlimit's rules.
    func set(_ resource: Int, _ limit: Limit) -> Int {
        guard limit.soft <= limit.hard else { return failed(EINVAL) }
        if resource == ResourceLimits.openFiles {
            // The host has the last word on how many descriptors there may be (fs.nr_open).
            let result = makeRoom(for: limit)
            if result < 0 { return result }
        }
        return limits.withLock { limits in
            if limit.hard > limits[resource].hard, hostCall(__NR_geteuid) != 0 { return failed(EPERM) }
            limits[resource] = limit
            return 0
        }
    }

    /// Hands a limit that is in force already to the host, which then watches over it. 0 or a negative errno.
    func apply(_ resource: Int) -> Int {
        var limit = get(resource)
        // The host's own hard limit stays: the supervisor has something to write when the guest has ended. That of
        // processor time, for which the host would kill without a word, is seen to each time that the soft one is
        // exceeded (`hasUsedUpProcessorTime`).
        limit.hard = max(limit.soft, ResourceLimits.hostLimit(resource).hard)
        return hostCall(__NR_prlimit64, 0, UInt64(resource), UInt64(address: &limit), 0)
    }

    /// Whether the hard limit on processor time is reached, asked when the host says that the soft one is: it does so
    /// once more for each further second (check_process_timers, kernel/time/posix-cpu-timers.c).
    var hasUsedUpProcessorTime: Bool {
        let hard = get(ResourceLimits.processorTime).hard
        if hard == ResourceLimits.infinity { return false }
        var used = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used)
        // The host counts in ticks: it may see a second as over a little earlier.
        let halfSecond = 500_000_000
        return UInt64(used.tv_sec) + (used.tv_nsec >= halfSecond ? 1 : 0) >= hard
    }

    private func makeRoom(for limit: Limit) -> Int {
        let host = ResourceLimits.hostLimit(ResourceLimits.openFiles)
        if limit.hard <= host.hard { return 0 }
        var wanted = Limit(soft: limit.hard, hard: limit.hard)
        return hostCall(__NR_prlimit64, 0, UInt64(ResourceLimits.openFiles), UInt64(address: &wanted), 0)
    }

    fileprivate static func hostLimit(_ resource: Int) -> Limit {
        var limit = Limit(soft: 0, hard: 0)
        hostCall(__NR_prlimit64, 0, UInt64(resource), 0, UInt64(address: &limit))
        return limit
    }
}

extension GuestKernel {
    /// Raises the supervisor's own limit on descriptors to the hardest it may have: every descriptor of the guest's is
    /// one of the host's, and the supervisor has some besides.
    public static func raiseHostDescriptorLimit() {
        raiseHostLimit(ResourceLimits.openFiles)
    }

    /// The guest has ended: what it allowed its files is nothing to what the supervisor writes.
    public static func raiseHostFileSizeLimit() {
        raiseHostLimit(ResourceLimits.fileSize)
    }

    private static func raiseHostLimit(_ resource: Int) {
        var host = ResourceLimits.hostLimit(resource)
        host.soft = host.hard
        hostCall(__NR_prlimit64, 0, UInt64(resource), UInt64(address: &host), 0)
    }
}
