import CGuestEntry
import Glibc

/// Page faults that this process has taken since some moment.
///
/// The first store to a page that is watched is a fault, whoever makes it (`mm_account_fault` of mm/memory.c counts
/// those of a system call, too, and of one that pins pages): as many pages have been written at most. Not those that
/// another process writes, by process_vm_writev(2) or ptrace(2): such a page may be taken for another one.
public struct FaultCount: Sendable {
    private let ofOthers: UInt64

    /// Begins to count. Whatever comes after this has returned counts. nil where the host does not say.
    public init?() {
        guard let all = FaultCount.read(FaultCount.wholeProcess), let own = FaultCount.read(FaultCount.callingThread)
        else { return nil }
        ofOthers = all - min(all, own)
    }

    /// All that there have been in this process.
    public static var ofProcess: UInt64? { read(wholeProcess) }

    /// How many there have been since, up to now, but for those of the calling thread, which must be the one that
    /// began.
    public var countOfOthers: UInt64? {
        guard let own = FaultCount.read(FaultCount.callingThread), let all = FaultCount.read(FaultCount.wholeProcess)
        else { return nil }
        return all - min(all, own + ofOthers)
    }

    // RUSAGE_SELF and RUSAGE_THREAD of uapi/linux/resource.h.
    private static let wholeProcess: UInt64 = 0
    private static let callingThread: UInt64 = 1

    private static func read(_ whose: UInt64) -> UInt64? {
        var usage = rusage()
        if hostCall(__NR_getrusage, whose, UInt64(address: &usage)) < 0 { return nil }
        return UInt64(usage.ru_minflt) + UInt64(usage.ru_majflt)
    }
}
