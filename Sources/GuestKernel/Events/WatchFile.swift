import CGuestEntry
import Glibc
import GuestMemory

/// inotify(7), by the host's, with paths through the one resolver.
enum WatchFile {
    private static let linkItselfFlag: UInt64 = 0x0200_0000  // IN_DONT_FOLLOW
    private static let addFlag: UInt32 = 0x2000_0000  // IN_MASK_ADD

    static func create(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        create(thread, flags: 0)
    }

    static func create1(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        create(thread, flags: Int32(truncatingIfNeeded: arguments.a))
    }

    private static func create(_ thread: GuestThread, flags: Int32) -> Int {
        guard flags & ~(O_CLOEXEC | O_NONBLOCK) == 0 else { return failed(EINVAL) }
        let hostFD = hostCall(__NR_inotify_init1, UInt64(signed: O_CLOEXEC | O_NONBLOCK))
        if hostFD < 0 { return hostFD }
        let file = FileDescription(
            kind: .event, hostFD: Int32(hostFD), statusFlags: flags & O_NONBLOCK, record: .watch(WatchRecord()))
        return thread.kernel.files.add(file, closesOnExec: flags & O_CLOEXEC != 0)
    }

    static func add(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard let file = thread.kernel.files.find(arguments.a) else { return failed(EBADF) }
        let kernel = thread.kernel
        let resolved = kernel.paths.resolveChecked(
            kernel, directory: UInt64(signed: AT_FDCWD), pathAt: arguments.b,
            PathWalkOptions(followsLast: arguments.c & linkItselfFlag == 0))
        switch resolved {
        case .failure(let error): return failed(error.errno)
        case .success(let path):
            var shown = OpenCalls.absolute(path, kernel)
            switch path.synthetic?.node {
            case nil: break
            case .descriptor(let watched)?: shown = ProcDescriptors.link(watched, kernel) ?? shown
            // What the supervisor makes up never changes in a way that could be watched.
            default: return failed(ENOENT)
            }
            let result = withExtendedLifetime(path) {
                hostCall(
                    __NR_inotify_add_watch, UInt64(signed: file.hostFD), path.wholePathAddress,
                    UInt64(UInt32(truncatingIfNeeded: arguments.c)))
            }
            if result >= 0 {
                record(file, Int32(result), shown, UInt32(truncatingIfNeeded: arguments.c))
            }
            return result
        }
    }

    private static func record(_ file: FileDescription, _ number: Int32, _ path: [UInt8], _ mask: UInt32) {
        file.record.withLock { record in
            guard case .watch(var watches) = record else { return }
            if let index = watches.watches.firstIndex(where: { $0.number == number }) {
                let kept = mask & addFlag != 0 ? watches.watches[index].mask : 0
                watches.watches[index].mask = kept | mask & ~addFlag
            } else {
                watches.watches.append(WatchRecord.Watch(number: number, path: path, mask: mask & ~addFlag))
            }
            record = .watch(watches)
        }
    }

    static func remove(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard let file = thread.kernel.files.find(arguments.a) else { return failed(EBADF) }
        let number = Int32(truncatingIfNeeded: arguments.b)
        let result = hostCall(__NR_inotify_rm_watch, UInt64(signed: file.hostFD), UInt64(signed: number))
        if result < 0 { return result }
        file.record.withLock { record in
            guard case .watch(var watches) = record else { return }
            watches.watches.removeAll { $0.number == number }
            record = .watch(watches)
        }
        return result
    }
}
