import CGuestEntry
import Glibc
import GuestKernel
import GuestMemory

/// What the process was started with, taken before anything of it is changed: the guest is to find it as a program
/// started by execve(2) does.
struct StartState: Sendable {
    /// "NAME=value" strings, without the one that is ours.
    let environment: [[UInt8]]
    /// The descriptors that were open, lowest first.
    let descriptors: [Int32]
    let stackLimit: GuestConfiguration.Limit
    /// The signals that the parent had blocked, and those it ignored: execve(2) hands both on.
    let signalMask: UInt64
    let ignoredSignals: UInt64
    /// Whether this process has started itself over, see `StartOver`.
    let hasStartedOver: Bool

    static func take() -> StartState {
        let stackLimit = currentStackLimit()
        let original = StartOver.takeOriginalStackLimit()
        return StartState(
            environment: environmentStrings(), descriptors: openDescriptors(), stackLimit: original ?? stackLimit,
            signalMask: currentMask(), ignoredSignals: currentlyIgnored(), hasStartedOver: original != nil)
    }

    /// The same without a descriptor that is ours, which no process that we start gets either.
    func without(_ descriptor: Int32) -> StartState {
        hostCall(__NR_fcntl, UInt64(signed: descriptor), UInt64(F_SETFD), UInt64(FD_CLOEXEC))
        return StartState(
            environment: environment, descriptors: descriptors.filter { $0 != descriptor }, stackLimit: stackLimit,
            signalMask: signalMask, ignoredSignals: ignoredSignals, hasStartedOver: hasStartedOver)
    }

    private static func currentStackLimit() -> GuestConfiguration.Limit {
        var pair: (UInt64, UInt64) = (.max, .max)
        hostCall(__NR_prlimit64, 0, UInt64(RLIMIT_STACK.rawValue), 0, UInt64(address: &pair))
        return GuestConfiguration.Limit(soft: pair.0, hard: pair.1)
    }

    private static func environmentStrings() -> [[UInt8]] {
        var strings: [[UInt8]] = []
        var cursor = environ
        while let string = cursor.pointee {
            strings.append(Array(UnsafeRawBufferPointer(start: string, count: strlen(string))))
            cursor += 1
        }
        return strings
    }

    /// Descriptors with FD_CLOEXEC cannot have come through execve(2): they are the runtime's own.
    private static func openDescriptors() -> [Int32] {
        var numbers: [Int32] = []
        if let directory = opendir("/proc/self/fd") {
            while let entry = readdir(directory) {
                let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
                if let number = Int32(name) { numbers.append(number) }
            }
            closedir(directory)
        } else {
            // No /proc: those that a parent is likely to have left.
            numbers = Array(0..<1024)
        }
        return numbers.sorted().filter { number in
            let flags = hostCall(__NR_fcntl, UInt64(signed: number), UInt64(F_GETFD))
            return flags >= 0 && flags & Int(FD_CLOEXEC) == 0
        }
    }

    private static func currentMask() -> UInt64 {
        var mask: UInt64 = 0
        hostCall(__NR_rt_sigprocmask, UInt64(SIG_BLOCK), 0, UInt64(address: &mask), 8)
        return mask
    }

    private static func currentlyIgnored() -> UInt64 {
        var ignored: UInt64 = 0
        for signal in 1...Int32(64) {
            // struct sigaction as the kernel has it: handler, flags, restorer, mask.
            var action: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
            hostCall(__NR_rt_sigaction, UInt64(signal), 0, UInt64(address: &action), 8)
            if action.0 == 1 { ignored |= 1 << UInt64(signal - 1) }
        }
        return ignored
    }
}
