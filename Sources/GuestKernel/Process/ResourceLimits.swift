import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

/// The guest's resource limits. They start as the supervisor's, with the stack limit that was in
/// force before the supervisor lowered its own; the supervisor's own are never changed by a guest.
final class ResourceLimits: Sendable {
    static let data = 2
    static let stack = 3
    static let openFiles = 7
    static let count = 16
    static let infinity = UInt64.max

    struct Limit: BitwiseCopyable, Sendable {
        var soft: UInt64
        var hard: UInt64
    }

    private let limits: Mutex<[Limit]>

    init(originalStack: GuestConfiguration.Limit?, originalOpenFiles: GuestConfiguration.Limit?) {
        var limits = (0..<ResourceLimits.count).map { resource in
            var limit = Limit(soft: ResourceLimits.infinity, hard: ResourceLimits.infinity)
            hostCall(__NR_prlimit64, 0, UInt64(resource), 0, UInt64(address: &limit))
            return limit
        }
        for (resource, original) in [(ResourceLimits.stack, originalStack), (ResourceLimits.openFiles, originalOpenFiles)] {
            guard let original else { continue }
            limits[resource] = Limit(soft: original.soft, hard: original.hard)
        }
        self.limits = Mutex(limits)
    }

    func soft(of resource: Int) -> UInt64 {
        limits.withLock { $0[resource].soft }
    }

    func get(_ resource: Int) -> Limit {
        limits.withLock { $0[resource] }
    }

    /// 0 or a negative errno.
    func set(_ resource: Int, _ limit: Limit) -> Int {
        limits.withLock { limits in
            guard limit.soft <= limit.hard else { return failed(EINVAL) }
            if limit.hard > limits[resource].hard, hostCall(__NR_geteuid) != 0 { return failed(EPERM) }
            limits[resource] = limit
            return 0
        }
    }
}
