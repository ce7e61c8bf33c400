import CallSites
import GuestMemory

/// Finds a function in the guest's memory by an address in it: by the ELF file that is mapped there.
struct ModuleFunctions {
    let memory: AddressSpace

    /// Longer ones are generated, and reading them would take longer than the calls in them.
    private static let functionByteCountMax = 64 << 10
    /// Behind a function lies its padding, up to the next multiple of 16, or of 64 at most.
    private static let paddingByteCountMax = 64
    private static let ehFrameHeaderType: UInt32 = 0x6474_e550  // PT_GNU_EH_FRAME
    private static let loadType: UInt32 = 1
    private static let programHeaderByteCount = 56
    private static let programHeaderCountMax = 64

    /// Nil where the code is no file's, where the guest may write to it, or where its file does not say what is where.
    func code(at place: UInt64) -> FunctionCode? {
        guard let area = memory.area(containing: place), case .privateFile = area.kind,
            area.protection.contains(.execute), !area.protection.contains(.write), let base = moduleBase(of: area)
        else { return nil }
        guard let table = ehFrameHeader(ofModuleAt: base).flatMap({ FunctionTable(at: $0, ModuleFunctions.read) })
        else { return surroundings(of: place, area) }
        guard let function = table.function(containing: place),
            function.byteCount <= ModuleFunctions.functionByteCountMax, area.range.contains(function.start),
            function.start + UInt64(function.byteCount) <= area.range.end
        else { return nil }
        let padded = function.start + UInt64(function.byteCount + ModuleFunctions.paddingByteCountMax)
        let count = Int(min(padded, area.range.end) - function.start)
        guard let bytes = ModuleFunctions.read(function.start, count) else { return nil }
        return FunctionCode(bytes, at: function.start, byteCount: function.byteCount)
    }

    /// Programs that are linked statically, and those of Go, have no such table.
    private func surroundings(of place: UInt64, _ area: VirtualMemoryArea) -> FunctionCode? {
        let start = max(area.range.start, place - min(place, ModuleFunctions.byteCountBefore))
        let end = min(area.range.end, place + ModuleFunctions.byteCountBehind)
        guard let bytes = ModuleFunctions.read(start, Int(end - start)) else { return nil }
        return FunctionCode(bytes, at: start, around: place)
    }

    /// So much is read from all boundaries, and so far a short jump reaches.
    private static let byteCountBefore: UInt64 = 160
    private static let byteCountBehind: UInt64 = 160

    /// Where the file's first byte is mapped, of the same loading of it.
    private func moduleBase(of area: VirtualMemoryArea) -> UInt64? {
        guard let file = area.kind.file else { return nil }
        let areas = memory.areas()
        return areas.last(where: { $0.range.start <= area.range.start && $0.kind.file == file && $0.kind.offset == 0 })?
            .range.start
    }

    private func ehFrameHeader(ofModuleAt base: UInt64) -> UInt64? {
        guard ModuleFunctions.read(base, 4) == [0x7f, 0x45, 0x4c, 0x46],
            let tableOffset = GuestAccess.load(UInt64.self, at: base + 32), tableOffset < 1 << 20,
            let count = GuestAccess.load(UInt16.self, at: base + 56),
            Int(count) <= ModuleFunctions.programHeaderCountMax
        else { return nil }
        var bias: UInt64?
        var header: UInt64?
        for index in 0..<UInt64(count) {
            let entry = base + tableOffset + index * UInt64(ModuleFunctions.programHeaderByteCount)
            guard let type = GuestAccess.load(UInt32.self, at: entry),
                let offset = GuestAccess.load(UInt64.self, at: entry + 8),
                let address = GuestAccess.load(UInt64.self, at: entry + 16)
            else { return nil }
            if type == ModuleFunctions.loadType, offset == 0, bias == nil { bias = base &- roundDownToPage(address) }
            if type == ModuleFunctions.ehFrameHeaderType { header = address }
        }
        guard let bias, let header else { return nil }
        return bias &+ header
    }

    static let read: FunctionTable.Reader = { address, byteCount in
        guard GuestAccess.isInRange(address, byteCount) else { return nil }
        return GuestAccess.loadArray(UInt8.self, at: address, count: byteCount)
    }
}
