import CallSites
import GuestMemory

/// Guest memory for stubs: a mapping of the guest's that it did not ask for.
struct StubRegion: Equatable {
    var range: AddressRange
    var used = 0

    static let countMax = 16
    private static let byteCount: UInt64 = 64 << 10
    /// A jump's rel32, less what both ends may have to be apart within their regions.
    private static let reach: UInt64 = (1 << 31) - (1 << 24)
    static let name = "stubs"

    var free: UInt64 { range.start + UInt64(used) }
    var hasRoom: Bool { range.count - UInt64(used) >= UInt64(CallStub.byteCountMax) }

    func isReached(from address: UInt64) -> Bool {
        address > range.start ? address - range.start < StubRegion.reach : range.start - address < StubRegion.reach
    }

    /// Below the code, so that a heap that begins behind it can grow; elsewhere when there is no room.
    static func make(near address: UInt64, _ memory: AddressSpace) -> StubRegion? {
        let unit: UInt64 = 1 << 20
        let below = max(GuestLayout.lowestAddress, address & ~(unit - 1) - min(unit, address & ~(unit - 1)))
        var request = MappingRequest(
            placement: .anywhere(hint: below), byteCount: byteCount, protection: [.read, .execute], source: .anonymous)
        request.name = name
        let start = memory.map(request)
        guard start > 0 else { return nil }
        let region = StubRegion(range: AddressRange(start: UInt64(start), count: byteCount))
        if region.isReached(from: address) { return region }
        _ = memory.unmap(UInt64(start), byteCount: byteCount)
        return nil
    }
}
