/// Where the pages of memory objects have their numbers: above the arena's, a slot of 64 GiB for each object.
///
/// No address of the guest's lies there. An object is mapped at several places, or at none, and its pages travel once,
/// under numbers of their own. A page's number has 40 bits on the link, which leaves 65 024 slots.
enum MemoryObjectSpace {
    private static let slotBits: UInt64 = 36
    static let slotByteCount: UInt64 = 1 << slotBits
    static let start = GuestLayout.arenaEnd
    static let end: UInt64 = 1 << 52
    /// Slot 0 is no object's: in a file's identity that number says that it is none.
    static let numbers: ClosedRange<UInt64> = 1...(end - start) >> slotBits

    /// The slot of an object.
    static func slot(_ number: UInt64) -> AddressRange {
        AddressRange(start: start + (number - 1) << slotBits, count: slotByteCount)
    }

    /// The object whose slot an address lies in; 0 for an address of the arena.
    static func number(at address: UInt64) -> UInt64 {
        start..<end ~= address ? (address - start) >> slotBits + 1 : 0
    }

    /// The object that a page is of, by the page's number; 0 for a page of the arena.
    static func number(ofPage page: UInt64) -> UInt64 {
        page < end / pageSize ? number(at: page * pageSize) : 0
    }

    /// Where an object's bytes from `offset` to `endOffset` lie, as far as the slot has room for them.
    static func range(_ number: UInt64, from offset: UInt64, to endOffset: UInt64) -> AddressRange {
        let slot = slot(number)
        let last = min(endOffset, slotByteCount)
        return AddressRange(start: slot.start + min(offset, last), end: slot.start + last)
    }
}
