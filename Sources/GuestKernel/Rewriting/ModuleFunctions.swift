import CallSites
import GuestMemory
import Unwinding

/// Finds a function in the guest's memory by an address in it: by the ELF file that is mapped there.
struct ModuleFunctions {
    let memory: AddressSpace

    /// Longer ones are generated, and reading them would take longer than the calls in them.
    private static let functionByteCountMax: UInt64 = 64 << 10
    /// Behind a function lies its padding, up to the next multiple of 16, or of 64 at most.
    private static let paddingByteCountMax: UInt64 = 64

    /// Nil where the code is no file's, where the guest may write to it, or where its file does not say what is where.
    func code(at place: UInt64) -> FunctionCode? {
        guard let area = memory.area(containing: place), case .privateFile = area.kind,
            area.protection.contains(.execute), !area.protection.contains(.write),
            let base = memory.moduleBase(of: area)
        else { return nil }
        let header = ModuleImage(at: base, in: .guest)?.unwindHeader
        guard let table = header.flatMap({ UnwindTable(header: $0, in: .guest) }),
            let function = table.function(containing: place, in: .guest)
        else { return surroundings(of: place, area) }
        guard function.byteCount <= ModuleFunctions.functionByteCountMax, area.range.contains(function.start),
            function.start + function.byteCount <= area.range.end
        else { return nil }
        let padded = function.start + function.byteCount + ModuleFunctions.paddingByteCountMax
        let count = Int(min(padded, area.range.end) - function.start)
        guard let bytes = ModuleFunctions.read(function.start, count) else { return nil }
        return FunctionCode(bytes, at: function.start, byteCount: Int(function.byteCount))
    }

    /// Programs that are linked statically, and those of Go, have no such table; musl's has few of its functions.
    private func surroundings(of place: UInt64, _ area: VirtualMemoryArea) -> FunctionCode? {
        let start = max(area.range.start, place - min(place, ModuleFunctions.byteCountBefore))
        let end = min(area.range.end, place + ModuleFunctions.byteCountBehind)
        guard let bytes = ModuleFunctions.read(start, Int(end - start)) else { return nil }
        return FunctionCode(bytes, at: start, around: place)
    }

    /// So much is read from all boundaries, and so far a short jump reaches.
    private static let byteCountBefore: UInt64 = 160
    private static let byteCountBehind: UInt64 = 160

    static func read(_ address: UInt64, _ byteCount: Int) -> [UInt8]? {
        guard GuestAccess.isInRange(address, byteCount) else { return nil }
        return GuestAccess.loadArray(UInt8.self, at: address, count: byteCount)
    }
}
