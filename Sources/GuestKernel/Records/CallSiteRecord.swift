import CallSites
import GuestMemory
import RecordCoding

/// What is rewritten of the guest's code, and where its stubs are. Their bytes are the guest's memory's.
struct CallSiteRecord: Equatable {
    var state: CallSiteTable.State

    private static let displacedByteCountMax = 15
    private static let islandByteCountMax = 128

    func encoded() -> [UInt8] {
        var writer = RecordWriter(capacity: 64 + state.entries.count * 40)
        writer.put(state.isGivenUp)
        writer.put(state.vdso)
        writer.putAll(state.regions) { writer, region in
            writer.put(region.range.start)
            writer.put(region.range.end)
            writer.put(UInt32(region.used))
        }
        writer.putAll(state.entries.sorted { $0.key < $1.key }.map(\.value)) { writer, entry in
            writer.put(entry.site.address)
            writer.put(entry.site.displaced)
            writer.put(entry.site.island != nil)
            if let island = entry.site.island {
                writer.put(island.address)
                writer.put(island.original)
            }
            writer.put(entry.stubAddress)
            writer.put(entry.stub.isAnswering)
        }
        return writer.bytes
    }

    init(_ state: CallSiteTable.State) {
        self.state = state
    }

    init(decoding bytes: [UInt8]) throws(RecordError) {
        var reader = RecordReader(bytes)
        state = CallSiteTable.State()
        state.isGivenUp = try reader.getFlag()
        state.vdso = try reader.get()
        guard state.vdso < GuestLayout.arenaEnd else { throw .isMalformed }
        state.regions = try reader.getAll { reader throws(RecordError) in
            let (start, end) = (try reader.get(UInt64.self), try reader.get(UInt64.self))
            let used = try reader.get(UInt32.self)
            guard start < end, end <= GuestLayout.arenaEnd, UInt64(used) <= end - start else { throw .isMalformed }
            return StubRegion(range: AddressRange(start: start, end: end), used: Int(used))
        }
        guard state.regions.count <= StubRegion.countMax else { throw .isMalformed }
        let entries = try reader.getAll { reader throws(RecordError) in try CallSiteRecord.entry(&reader) }
        for entry in entries { state.entries[entry.site.returnAddress] = entry }
        try reader.finish()
    }

    private static func entry(_ reader: inout RecordReader) throws(RecordError) -> CallSiteEntry {
        let (address, displaced) = (try reader.get(UInt64.self), try reader.getBytes())
        guard address < GuestLayout.arenaEnd, 2...displacedByteCountMax ~= displaced.count else { throw .isMalformed }
        var island: CallSite.Island?
        if try reader.getFlag() {
            island = CallSite.Island(address: try reader.get(), original: try reader.getBytes())
        }
        if let island {
            guard island.address < GuestLayout.arenaEnd, 5...islandByteCountMax ~= island.original.count else {
                throw .isMalformed
            }
        }
        let site = CallSite(address: address, displaced: displaced, island: island)
        let stubAddress = try reader.get(UInt64.self)
        let answers = try reader.getFlag()
        guard stubAddress < GuestLayout.arenaEnd, (island != nil) == (displaced.count < 5),
            let entry = CallSiteEntry(site, stubAt: stubAddress, answers: answers), site.patches(to: stubAddress) != nil
        else { throw .isMalformed }
        return entry
    }
}
