import Glibc
import GuestMemory

/// /proc/self/stat and statm (proc_pid_stat(5), proc_pid_statm(5)).
enum ProcStat {
    /// Fields by their number in proc_pid_stat(5), less 1.
    private enum Field {
        static let state = 2
        static let parent = 3
        static let group = 4
        static let session = 5
        static let threadCount = 19
        static let mappedByteCount = 22
        static let residentPageCount = 23
        static let residentByteLimit = 24
        static let startCode = 25
        static let endCode = 26
        static let startStack = 27
        static let stackPointer = 28
        static let instructionPointer = 29
        static let pendingSignals = 30
        static let blockedSignals = 31
        static let ignoredSignals = 32
        static let caughtSignals = 33
        static let startData = 44
        static let endData = 45
        static let startHeap = 46
        /// The last of the places of arguments and environment, which begin behind `startHeap`.
        static let environmentEnd = 50
    }

    /// Times, faults and priorities are the host's for its process or thread; the rest is the guest's.
    static func text(_ kernel: GuestKernel, _ task: ProcTask) -> [UInt8] {
        guard var fields = hostFields(task) else { return [] }
        let id = task.isThread ? task.thread.tid : kernel.identity.pid
        let signals = ProcSignals(kernel, task.thread)
        let memory = ProcMemory(kernel)
        let limit = kernel.limits.soft(of: residentSetResource)
        fields[Field.state] = signals.stateLetter(task.thread)
        fields[Field.parent] = String(kernel.identity.parentPid)
        fields[Field.group] = String(kernel.identity.processGroup)
        fields[Field.session] = String(kernel.identity.session)
        fields[Field.threadCount] = String(kernel.threads.count)
        fields[Field.mappedByteCount] = String(memory.mappedByteCount)
        fields[Field.residentPageCount] = String(memory.residentPageCount)
        fields[Field.residentByteLimit] = String(limit)
        fields[Field.startCode] = String(memory.code?.start ?? 0)
        fields[Field.endCode] = String(memory.code?.end ?? 0)
        fields[Field.startStack] = String(kernel.program.stack.end)
        fields[Field.stackPointer] = "0"
        fields[Field.instructionPointer] = "0"
        fields[Field.pendingSignals] = shown(task.isThread ? signals.pending : signals.pending | signals.sharedPending)
        fields[Field.blockedSignals] = shown(signals.blocked)
        fields[Field.ignoredSignals] = shown(signals.ignored)
        fields[Field.caughtSignals] = shown(signals.caught)
        fields[Field.startData] = String(memory.data?.start ?? 0)
        fields[Field.endData] = String(memory.data?.end ?? 0)
        fields[Field.startHeap] = String(memory.heapStart)
        // Where the arguments lie is what setproctitle asks; the supervisor's would mislead it.
        for field in (Field.startHeap + 1)...Field.environmentEnd { fields[field] = "0" }
        var text = ByteText()
        text.append("\(id) (")
        text.append(task.thread.name)
        text.append(") \(fields[Field.state...].joined(separator: " "))\n")
        return text.bytes
    }

    private static let residentSetResource = 5

    /// The obsolete form of a signal set: the first 31 signals, in decimal.
    private static func shown(_ set: UInt64) -> String {
        String(set & 0x7fff_ffff)
    }

    /// The host's fields by their number; nil where the host has fewer than Linux 3.5 had.
    private static func hostFields(_ task: ProcTask) -> [String]? {
        let bytes = HostFile.contents("\(task.hostPath)stat")
        // The name may hold anything: the last parenthesis counts.
        guard let parenthesis = bytes.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let rest = bytes[(parenthesis + 1)...].split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
        let fields = ["", ""] + rest.map { String(decoding: $0, as: UTF8.self) }
        return fields.count > Field.environmentEnd ? fields : nil
    }

    /// In pages: size, resident, shared, text, lib (always 0), data and stack, dirty (always 0).
    static func memoryText(_ kernel: GuestKernel) -> [UInt8] {
        let memory = ProcMemory(kernel)
        var text = ByteText()
        text.append("\(memory.mappedByteCount / pageSize) \(memory.residentPageCount) \(memory.sharedPageCount) ")
        let dataAndStack = memory.dataByteCount + memory.stackByteCount
        text.append("\(memory.codeByteCount / pageSize) 0 \(dataAndStack / pageSize) 0\n")
        return text.bytes
    }
}
