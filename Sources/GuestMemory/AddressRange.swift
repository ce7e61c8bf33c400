/// A run of guest addresses, `start` included and `end` not.
///
/// Units are bytes. The very last byte of the 64-bit address space cannot be in a range; no guest address is near it.
public struct AddressRange: Equatable, Hashable, Sendable {
    /// The first address of the range.
    public var start: UInt64

    /// The address one past the last; never below `start`, which whoever sets either sees to.
    public var end: UInt64

    /// A range between two trusted addresses.
    ///
    /// - Precondition: `start <= end`; a reversed pair is a programming error. Guest numbers go through
    ///   ``init(guestStart:count:)``.
    public init(start: UInt64, end: UInt64) {
        precondition(start <= end, "address range \(hexadecimal(start))-\(hexadecimal(end)) is reversed")
        self.start = start
        self.end = end
    }

    /// A range of `count` bytes from a trusted address.
    ///
    /// - Precondition: `start + count` fits in 64 bits. Guest numbers go through ``init(guestStart:count:)``.
    public init(start: UInt64, count: UInt64) {
        let (end, isOverflow) = start.addingReportingOverflow(count)
        precondition(!isOverflow, "address range \(hexadecimal(start)) + \(hexadecimal(count)) wraps around")
        self.init(start: start, end: end)
    }

    /// A range of `count` bytes from an address that the guest or a file gave, or nil where the end would wrap around.
    public init?(guestStart start: UInt64, count: UInt64) {
        let (end, isOverflow) = start.addingReportingOverflow(count)
        if isOverflow { return nil }
        self.init(start: start, end: end)
    }

    /// Bytes in the range.
    public var count: UInt64 { end - start }

    /// Pages that the range touches at least in part.
    public var pageCount: UInt64 {
        if isEmpty { return 0 }
        return (end - 1) / pageSize - start / pageSize + 1
    }

    /// Whether the range holds no address.
    public var isEmpty: Bool { start == end }

    /// Whether both ends are page boundaries.
    public var isPageAligned: Bool { (start | end) & (pageSize - 1) == 0 }

    /// Whether `address` lies in the range.
    public func contains(_ address: UInt64) -> Bool {
        start <= address && address < end
    }

    /// Whether the whole of `other` lies in the range; an empty range does where both its ends touch this one.
    public func contains(_ other: AddressRange) -> Bool {
        start <= other.start && other.end <= end
    }

    /// Whether the two ranges share an address; an empty range shares none.
    public func overlaps(_ other: AddressRange) -> Bool {
        max(start, other.start) < min(end, other.end)
    }

    /// The addresses in both ranges, or nil where there are none.
    public func intersection(_ other: AddressRange) -> AddressRange? {
        let low = max(start, other.start)
        let high = min(end, other.end)
        return low < high ? AddressRange(start: low, end: high) : nil
    }

    /// What is left of the range on either side once `other` is taken out; nil where nothing is left.
    ///
    /// Where the ranges share nothing, the whole range is on one side.
    public func subtracting(_ other: AddressRange) -> (below: AddressRange?, above: AddressRange?) {
        let belowEnd = min(end, other.start)
        let aboveStart = max(start, other.end)
        let below = start < belowEnd ? AddressRange(start: start, end: belowEnd) : nil
        let above = aboveStart < end ? AddressRange(start: aboveStart, end: end) : nil
        return (below, above)
    }

    /// The whole pages that hold the range, or nil where the last one's end does not fit in 64 bits.
    public func roundedOutToPages() -> AddressRange? {
        guard let roundedEnd = roundUpToPage(end) else { return nil }
        return AddressRange(start: roundDownToPage(start), end: roundedEnd)
    }
}

extension AddressRange: CustomStringConvertible {
    /// The range as messages show it, such as "0x1000-0x3000".
    public var description: String { "\(hexadecimal(start))-\(hexadecimal(end))" }
}
