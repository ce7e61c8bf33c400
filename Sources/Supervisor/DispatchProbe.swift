import CGuestEntry
import Glibc
import GuestKernel
import GuestMemory

/// Which ways of catching syscalls this kernel has: each is tried, versions are not looked at.
public enum DispatchProbe {
    /// Syscalls are trapped below this address only, and nothing of ours is there: the first 4 GiB, as no
    /// position-independent program is put there.
    private static let emptyRangeEnd: UInt64 = 1 << 32

    /// 0, or the negative errno with which the kernel refuses. A seccomp filter goes with the thread that tried it.
    public static func result(of method: DispatchMethod) -> Int {
        ProbeThread.run {
            let result = guest_dispatch_enable(method.rawValue, emptyRangeEnd)
            if result == 0 { guest_dispatch_disable(method.rawValue) }
            return result
        }
    }

    /// The best one there is, or the one that is wanted.
    static func choose(_ wanted: DispatchMethod?) throws(SupervisorError) -> DispatchMethod {
        guard let wanted else {
            if let best = firstAvailable() { return best }
            throw SupervisorError(
                .failed, "this kernel cannot catch syscalls: neither Syscall User Dispatch (Linux 5.11) nor seccomp")
        }
        let result = result(of: wanted)
        if result == 0 { return wanted }
        var message = "--dispatch \(wanted.name): this kernel (\(HostCheck.kernelRelease())) has no \(wanted.feature) "
        message += "(Linux \(wanted.since) and later): \(errorText(Int32(-result)))"
        if isSwitchedOff, wanted != .seccomp { message += "; sysctl kernel.syscall_user_dispatch switches it off" }
        if let best = firstAvailable() { message += "; use --dispatch \(best.name), or auto" }
        throw SupervisorError(.failed, message)
    }

    static func firstAvailable() -> DispatchMethod? {
        [DispatchMethod.inclusive, .selector, .seccomp].first { result(of: $0) == 0 }
    }

    /// A sysctl of newer kernels; where it is missing, dispatch cannot be switched off.
    static var isSwitchedOff: Bool {
        guard let file = fopen("/proc/sys/kernel/syscall_user_dispatch", "re") else { return false }
        defer { fclose(file) }
        return fgetc(file) == Int32(UInt8(ascii: "0"))
    }
}

extension DispatchMethod {
    /// As `--dispatch` takes it.
    public var name: String {
        switch self {
        case .inclusive: return "inclusive"
        case .selector: return "selector"
        case .seccomp: return "seccomp"
        }
    }

    public init?(name: String) {
        guard let method = DispatchMethod.allCases.first(where: { $0.name == name }) else { return nil }
        self = method
    }

    var feature: String {
        switch self {
        case .inclusive: return "inclusive Syscall User Dispatch"
        case .selector: return "Syscall User Dispatch"
        case .seccomp: return "seccomp filters"
        }
    }

    var since: String {
        switch self {
        case .inclusive: return "6.17"
        case .selector: return "5.11"
        case .seccomp: return "3.17"
        }
    }
}
