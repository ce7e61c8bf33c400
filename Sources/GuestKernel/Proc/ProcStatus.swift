import Glibc
import GuestMemory

/// /proc/self/status (proc_pid_status(5)).
///
/// The host's own file with the lines replaced that speak of the supervisor: so it has the lines of the kernel it
/// runs on, and identities, capabilities and permitted processors are the host's, as they are for every call.
struct ProcStatus {
    private let kernel: GuestKernel
    private let task: ProcTask
    private let signals: ProcSignals
    private let memory: ProcMemory

    static func text(_ kernel: GuestKernel, _ task: ProcTask) -> [UInt8] {
        ProcStatus(kernel, task).text(HostFile.contents("\(task.hostPath)status"))
    }

    private init(_ kernel: GuestKernel, _ task: ProcTask) {
        self.kernel = kernel
        self.task = task
        signals = ProcSignals(kernel, task.thread)
        memory = ProcMemory(kernel)
    }

    private func text(_ host: [UInt8]) -> [UInt8] {
        var text = ByteText()
        for line in host.split(separator: UInt8(ascii: "\n")) {
            let name = line.prefix { $0 != UInt8(ascii: ":") }
            text.append(name)
            let key = String(decoding: name, as: UTF8.self)
            if key == "Name" {
                text.append(":\t")
                text.append(escapedName)
            } else if let value = identityValue(key) ?? memoryValue(key) ?? signalValue(key) ?? filterValue(key) {
                text.append(":\t\(value)")
            } else {
                text.append(line.dropFirst(name.count))
            }
            text.append("\n")
        }
        return text.bytes
    }

    /// As string_escape_str(ESCAPE_SPACE | ESCAPE_SPECIAL, "\n\\") in fs/proc/array.c leaves it.
    private var escapedName: [UInt8] {
        task.thread.name.flatMap { byte -> [UInt8] in
            switch byte {
            case UInt8(ascii: "\n"): return Array("\\n".utf8)
            case UInt8(ascii: "\\"): return Array("\\\\".utf8)
            default: return [byte]
            }
        }
    }

    private func identityValue(_ key: String) -> String? {
        let id = task.isThread ? task.thread.tid : kernel.identity.pid
        switch key {
        case "State": return stateText
        case "Tgid", "NStgid": return String(kernel.identity.pid)
        case "Pid", "NSpid": return String(id)
        case "PPid": return String(kernel.identity.parentPid)
        case "NSpgid": return String(kernel.identity.processGroup)
        case "NSsid": return String(kernel.identity.session)
        case "Threads": return String(kernel.threads.count)
        case "FDSize": return String(max(64, (Int(kernel.files.snapshot().last?.descriptor ?? 0) + 64) & ~63))
        default: return nil
        }
    }

    private var stateText: String {
        switch signals.stateLetter(task.thread) {
        case "T": return "T (stopped)"
        case "S": return "S (sleeping)"
        default: return "R (running)"
        }
    }

    private func memoryValue(_ key: String) -> String? {
        let residentKiB = memory.residentPageCount * pageSize >> 10
        let sharedKiB = memory.sharedPageCount * pageSize >> 10
        switch key {
        case "VmPeak", "VmSize": return kibibytes(memory.mappedByteCount >> 10)
        case "VmHWM", "VmRSS": return kibibytes(residentKiB)
        case "RssAnon": return kibibytes(residentKiB - sharedKiB)
        case "RssFile": return kibibytes(sharedKiB)
        case "RssShmem": return kibibytes(0)
        case "VmData": return kibibytes(memory.dataByteCount >> 10)
        case "VmStk": return kibibytes(memory.stackByteCount >> 10)
        case "VmExe": return kibibytes(memory.codeByteCount >> 10)
        case "VmLib": return kibibytes(memory.libraryByteCount >> 10)
        default: return nil
        }
    }

    private func kibibytes(_ count: UInt64) -> String {
        let digits = String(count)
        return String(repeating: " ", count: max(0, 8 - digits.utf8.count)) + digits + " kB"
    }

    private func signalValue(_ key: String) -> String? {
        switch key {
        case "SigQ": return "\(signals.queuedCount)/\(kernel.limits.soft(of: Self.pendingSignalsResource))"
        case "SigPnd": return mask(signals.pending)
        case "ShdPnd": return mask(signals.sharedPending)
        case "SigBlk": return mask(signals.blocked)
        case "SigIgn": return mask(signals.ignored)
        case "SigCgt": return mask(signals.caught)
        default: return nil
        }
    }

    private static let pendingSignalsResource = 11

    private func mask(_ set: UInt64) -> String {
        let digits = String(set, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    /// A filter that dispatch by seccomp has set is not the guest's.
    private func filterValue(_ key: String) -> String? {
        guard kernel.configuration.dispatch == .seccomp else { return nil }
        return key == "Seccomp" || key == "Seccomp_filters" || key == "NoNewPrivs" ? "0" : nil
    }
}
