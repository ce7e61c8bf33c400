import CGuestEntry
import Glibc
import GuestMemory

/// ioctl(2). What a command's argument is differs by command, so only those are passed on that are known to take no
/// pointer, or one to a flat structure; the host would follow a pointer inside a structure anywhere (invariant 5).
extension DescriptorCalls {
    private enum Command {
        // asm-generic/ioctls.h
        static let setControllingTerminal: UInt32 = 0x540e
        static let insertInput: UInt32 = 0x5412
        static let console: UInt32 = 0x541c
        static let setNonBlocking: UInt32 = 0x5421
        static let giveUpTerminal: UInt32 = 0x5422
        static let openPeer: UInt32 = 0x5441
        static let keepOnExec: UInt32 = 0x5450
        static let closeOnExec: UInt32 = 0x5451
        static let setAsynchronous: UInt32 = 0x5452
        // linux/fs.h
        static let clone: UInt32 = 0x4004_9409
        static let cloneRange: UInt32 = 0x4020_940d
        /// Those, FS_IOC_SETFLAGS and FS_IOC_FSSETXATTR: what the mirror would not hear of.
        static let changesFile: Set<UInt32> = [clone, cloneRange, 0x4008_6602, 0x401c_5820]
    }

    static func ioctl(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let descriptor = Int32(truncatingIfNeeded: arguments.a)
        guard let file = thread.kernel.files.find(arguments.a) else { return failed(EBADF) }
        let command = UInt32(truncatingIfNeeded: arguments.b)
        if file.hold != nil, file.kind != .socket, !IoctlCommands.questions.contains(command) {
            // A terminal's new settings are seen outside, and what was written before goes out under the old ones.
            let settled = thread.settleOutput(file)
            if settled != 0 { return settled }
        }
        if file.volume != nil, Command.changesFile.contains(command) { return failed(EOPNOTSUPP) }
        switch command {
        case Command.setNonBlocking:
            guard let value = GuestAccess.load(Int32.self, at: arguments.c) else { return failed(EFAULT) }
            file.setStatusFlag(O_NONBLOCK, value != 0)
            return 0
        case Command.keepOnExec, Command.closeOnExec:
            thread.kernel.files.setClosesOnExec(descriptor, command == Command.closeOnExec)
            return 0
        case Command.setAsynchronous:
            guard let value = GuestAccess.load(Int32.self, at: arguments.c) else { return failed(EFAULT) }
            let isAsynchronous = file.statusFlags.load(ordering: .relaxed) & O_ASYNC != 0
            if isAsynchronous == (value != 0) { return 0 }
            let result = DescriptorSignalCalls.setAsynchronous(file, descriptor, value != 0)
            if result == 0 { file.setStatusFlag(O_ASYNC, value != 0) }
            return result
        case Command.setControllingTerminal, Command.giveUpTerminal:
            // The session is the host's, and a mirror's is another one.
            return thread.kernel.configuration.replicates ? failed(ENOTTY) : control(file, command, arguments.c)
        case Command.console, Command.insertInput: return failed(ENOTTY)
        case Command.clone:
            guard let source = thread.kernel.files.find(arguments.c) else { return failed(EBADF) }
            return withExtendedLifetime(source) { control(file, command, UInt64(signed: source.hostFD)) }
        case Command.cloneRange:
            return cloneRange(thread, file, at: arguments.c)
        case Command.openPeer:
            return openPeer(thread, file, Int32(truncatingIfNeeded: arguments.c))
        case _ where file.kind == .socket:
            return SocketControl.ioctl(thread, file, UInt64(command), arguments.c)
        default:
            if IoctlCommands.withNumber.contains(command) { return control(file, command, arguments.c) }
            if let byteCount = IoctlCommands.drainedByteCount(command) {
                return drained(thread, file, command, at: arguments.c, byteCount)
            }
            guard IoctlCommands.withFlatPointer.contains(command) else { return failed(ENOTTY) }
            guard arguments.c < GuestLayout.arenaEnd else { return failed(EFAULT) }
            return thread.opening(arguments.c) { control(file, command, arguments.c) }
        }
    }

    private static func control(_ file: FileDescription, _ command: UInt32, _ argument: UInt64) -> Int {
        retryingInterrupts { hostCall(__NR_ioctl, UInt64(signed: file.hostFD), UInt64(command), argument) }
    }

    /// struct file_clone_range begins with the source's descriptor.
    private static func cloneRange(_ thread: GuestThread, _ file: FileDescription, at address: UInt64) -> Int {
        guard var range = GuestAccess.loadArray(Int64.self, at: address, count: 4) else { return failed(EFAULT) }
        guard let source = thread.kernel.files.find(UInt64(bitPattern: range[0])) else { return failed(EBADF) }
        range[0] = Int64(source.hostFD)
        return withExtendedLifetime(source) {
            range.withUnsafeBytes { control(file, Command.cloneRange, UInt64(address: $0.baseAddress)) }
        }
    }

    /// TIOCGPTPEER makes a descriptor, which is the host's: the guest gets a number of its own.
    private static func openPeer(_ thread: GuestThread, _ file: FileDescription, _ flags: Int32) -> Int {
        let hostFlags = flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK
        let opened = control(file, Command.openPeer, UInt64(UInt32(bitPattern: hostFlags)))
        if opened < 0 { return opened }
        let path = HostFile.link(ofDescriptor: Int32(opened)) ?? []
        let peer = OpenCalls.describe(Int32(opened), flags: flags, path: path)
        return thread.kernel.files.add(peer, closesOnExec: flags & O_CLOEXEC != 0)
    }

    /// TCSETSW and its like wait until a terminal has sent its output, so they are waits, with a copy of the settings.
    private static func drained(
        _ thread: GuestThread, _ file: FileDescription, _ command: UInt32, at address: UInt64, _ byteCount: Int
    ) -> Int {
        guard GuestAccess.copyIn(thread.scratch, from: address, count: byteCount) else { return failed(EFAULT) }
        thread.kernel.gate.beginWaiting(thread)
        let result = control(file, command, UInt64(address: UnsafeRawPointer(thread.scratch)))
        thread.kernel.gate.endWaiting(thread)
        return result
    }
}
