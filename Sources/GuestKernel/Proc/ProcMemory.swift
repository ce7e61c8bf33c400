import GuestMemory

/// The guest's memory in numbers, as stat, statm and status show it.
struct ProcMemory {
    var mappedByteCount: UInt64 = 0
    /// Pages in memory: the host process's, less what it had before the guest was loaded. Redis asks ten times a
    /// second, so they are not counted one by one; what the supervisor has taken since is counted in.
    var residentPageCount: UInt64 = 0
    /// Of those, pages of files and of shared memory.
    var sharedPageCount: UInt64 = 0
    var codeByteCount: UInt64 = 0
    var libraryByteCount: UInt64 = 0
    /// Private writable memory but for the stack.
    var dataByteCount: UInt64 = 0
    var stackByteCount: UInt64 = 0
    /// The program's own first executable area and its first writable one.
    var code: AddressRange?
    var data: AddressRange?
    var heapStart: UInt64 = 0

    init(_ kernel: GuestKernel) {
        for area in kernel.memory.areas() { count(area, program: kernel.program.path) }
        let host = ProcMemory.hostPageCounts()
        let before = kernel.paths.landmarks.pageCounts
        let resident = host.resident - min(host.resident, before.resident)
        residentPageCount = min(max(resident, 1), max(mappedByteCount / pageSize, 1))
        sharedPageCount = min(host.shared - min(host.shared, before.shared), residentPageCount)
    }

    private mutating func count(_ area: VirtualMemoryArea, program: String) {
        mappedByteCount += area.range.count
        let isOfProgram = area.kind.file?.path == program
        if area.protection.contains(.execute), !area.protection.contains(.write) {
            if isOfProgram { codeByteCount += area.range.count } else { libraryByteCount += area.range.count }
            if isOfProgram, code == nil { code = area.range }
        }
        if area.kind == .stack {
            stackByteCount += area.range.count
        } else if area.protection.contains(.write), !area.kind.isShared {
            dataByteCount += area.range.count
            if isOfProgram, data == nil { data = area.range }
        }
        if area.kind == .heap, heapStart == 0 { heapStart = area.range.start }
    }

    /// The host process's own statm: pages resident, and those of them that are shared.
    static func hostPageCounts() -> (resident: UInt64, shared: UInt64) {
        let fields = HostFile.contents("/proc/self/statm").split(separator: UInt8(ascii: " "))
        guard fields.count > 2 else { return (0, 0) }
        return (number(fields[1]), number(fields[2]))
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64 {
        UInt64(String(decoding: digits, as: UTF8.self)) ?? 0
    }
}
