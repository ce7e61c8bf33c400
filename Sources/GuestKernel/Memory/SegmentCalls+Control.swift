import Glibc
import GuestMemory

/// shmctl(2).
extension SegmentCalls {
    /// linux/ipc.h and linux/shm.h.
    private enum Command: Int32 {
        case remove = 0
        case set = 1
        case status = 2
        case limits = 3
        case lock = 11
        case unlock = 12
        case statusByIndex = 13
        case information = 14
        case statusOfAnyByIndex = 15
    }

    static func control(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let kernel = thread.kernel
        let number = Int32(truncatingIfNeeded: arguments.a)
        guard number >= 0, let command = Command(rawValue: Int32(truncatingIfNeeded: arguments.b)) else {
            return failed(EINVAL)
        }
        kernel.segments.removeUnused(kernel.memory)
        let address = arguments.c
        switch command {
        case .limits: return give(limits, to: address, kernel)
        case .information: return give(information(kernel), to: address, kernel)
        case .statusByIndex, .statusOfAnyByIndex:
            let segments = kernel.segments.record.segments
            guard Int(number) < segments.count else { return failed(EINVAL) }
            let segment = segments[Int(number)]
            let needsPermission = command == .statusByIndex
            if needsPermission, !mayUse(segment, 0o444) { return failed(EACCES) }
            return GuestAccess.storeArray(status(segment, kernel), at: address) ? Int(segment.number) : failed(EFAULT)
        default: break
        }
        let new = command == .set ? GuestAccess.loadArray(UInt32.self, at: address, count: 6) : []
        guard let new else { return failed(EFAULT) }
        guard let (segment, _) = kernel.segments.find(number) else { return failed(EINVAL) }
        if command == .status {
            guard mayUse(segment, 0o444) else { return failed(EACCES) }
            return GuestAccess.storeArray(status(segment, kernel), at: address) ? 0 : failed(EFAULT)
        }
        let user = geteuid()
        guard user == 0 || user == segment.owner.user || user == segment.creator.user else { return failed(EPERM) }
        if command == .set, new[1] == .max || new[2] == .max { return failed(EINVAL) }
        change(segment, command, new, kernel)
        return 0
    }

    /// `new` is the beginning of struct ipc64_perm: key, user, group, creator's, mode.
    private static func change(_ segment: Segment, _ command: Command, _ new: [UInt32], _ kernel: GuestKernel) {
        switch command {
        case .remove:
            kernel.segments.change(segment.number) { segment in
                segment.mode |= Segment.removed
                segment.key = 0
            }
            kernel.segments.removeUnused(kernel.memory)
        case .set:
            kernel.segments.change(segment.number) { segment in
                segment.owner = SegmentRecord.Owner(user: new[1], group: new[2])
                segment.mode = segment.mode & ~Segment.permissions | new[5] & Segment.permissions
                segment.changedSeconds = seconds(kernel)
            }
        default:
            // Locked in memory or not is the host's matter: accepted without effect, as mlockall(2).
            break
        }
    }

    // MARK: - What it shows

    /// struct shmid_ds (asm-generic/shmbuf.h), 112 bytes.
    private static func status(_ segment: Segment, _ kernel: GuestKernel) -> [UInt64] {
        func pair(_ low: UInt32, _ high: UInt32) -> UInt64 { UInt64(low) | UInt64(high) << 32 }
        func process(_ pid: Int32) -> UInt32 { UInt32(bitPattern: pid) }
        return [
            pair(UInt32(bitPattern: segment.key), segment.owner.user),
            pair(segment.owner.group, segment.creator.user),
            pair(segment.creator.group, segment.mode),
            0, 0, 0,
            segment.byteCount,
            UInt64(bitPattern: segment.attachedSeconds), UInt64(bitPattern: segment.detachedSeconds),
            UInt64(bitPattern: segment.changedSeconds),
            pair(process(segment.creatorProcess), process(segment.lastProcess)),
            UInt64(kernel.segments.attachmentCount(segment, kernel.memory)),
            0, 0,
        ]
    }

    /// struct shminfo: the largest and smallest segment, how many, how many to a process, and pages in all.
    private static var limits: [UInt64] {
        let countMax = UInt64(SegmentTable.countMax)
        return [SegmentTable.byteCountMax, 1, countMax, countMax, SegmentTable.byteCountMax / pageSize, 0, 0, 0, 0]
    }

    /// struct shm_info: how many there are, their pages, and of these in memory.
    private static func information(_ kernel: GuestKernel) -> [UInt64] {
        let segments = kernel.segments.record.segments
        let pageCount = segments.reduce(UInt64(0)) { $0 + roundUp($1.byteCount) / pageSize }
        return [UInt64(segments.count), pageCount, pageCount, 0, 0, 0]
    }

    /// The highest index, as these two return it.
    private static func give(_ words: [UInt64], to address: UInt64, _ kernel: GuestKernel) -> Int {
        guard GuestAccess.storeArray(words, at: address) else { return failed(EFAULT) }
        return max(0, kernel.segments.record.segments.count - 1)
    }
}
