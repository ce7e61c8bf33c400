/// One run of guest pages that share everything but their place: what the kernel calls a VMA.
///
/// A plain value: it describes a mapping, it does not make one. ``VirtualMemoryMap`` keeps the guest's areas in order.
public struct VirtualMemoryArea: Equatable, Sendable {
    /// Where the area lies; page aligned and not empty while it is in a map.
    public var range: AddressRange

    /// What the guest asked for (mmap(2), mprotect(2)); the host's protection may be narrower while pages are tracked.
    public var protection: Protection

    /// What stands behind the pages.
    public var kind: Kind

    /// The name given by prctl(PR_SET_VMA_ANON_NAME), or nil; files carry theirs in `kind`.
    public var name: String?

    /// What mmap's flags asked for beyond the kind.
    public var flags: Flags

    public init(
        range: AddressRange, protection: Protection, kind: Kind, name: String? = nil, flags: Flags = []
    ) {
        self.range = range
        self.protection = protection
        self.kind = kind
        self.name = name
        self.flags = flags
    }

    /// Whether this area and the one after it can be kept as one.
    ///
    /// They must touch, agree in everything, and go on in the object or file where this one stops; the same rule as
    /// the kernel's can_vma_merge_after (mm/vma.c), which goes by the open file where we go by the file.
    public func canMerge(with next: VirtualMemoryArea) -> Bool {
        if range.end != next.range.start { return false }
        if protection != next.protection || flags != next.flags || name != next.name { return false }
        return kind.advanced(by: range.count) == next.kind
    }

    /// The part of the area that lies in `part`, its file or object offset moved along.
    ///
    /// - Precondition: the area contains `part`.
    public func slice(_ part: AddressRange) -> VirtualMemoryArea {
        precondition(range.contains(part), "area \(range) does not hold \(part)")
        var piece = self
        piece.range = part
        piece.kind = kind.advanced(by: part.start - range.start)
        return piece
    }

    /// The same pages at another place, as mremap(2) moves them.
    ///
    /// The heap and the main stack are what they are by their place (vma_is_initial_heap in include/linux/mm.h), so
    /// what is moved out of them becomes plain anonymous memory.
    ///
    /// - Precondition: the area fits below the end of the 64-bit address space.
    public func moved(to start: UInt64) -> VirtualMemoryArea {
        var piece = self
        piece.range = AddressRange(start: start, count: range.count)
        if kind == .heap || kind == .stack { piece.kind = .anonymous }
        return piece
    }

    /// Takes in the area right after this one.
    ///
    /// - Precondition: ``canMerge(with:)`` said yes.
    mutating func absorb(_ next: VirtualMemoryArea) {
        assert(canMerge(with: next), "areas \(range) and \(next.range) do not merge")
        range = AddressRange(start: range.start, end: next.range.end)
    }

    /// The lowest address that a new mapping must stay below, where it is not placed with MAP_FIXED.
    ///
    /// The kernel keeps stack_guard_gap, 256 pages unless set at boot, free under an area that grows downwards
    /// (mm/mmap.c and vm_start_gap in include/linux/mm.h).
    var guardedStart: UInt64 {
        if !flags.contains(.growsDown) { return range.start }
        return range.start > Self.stackGuardByteCount ? range.start - Self.stackGuardByteCount : 0
    }

    /// Bytes kept free below an area that grows downwards.
    public static let stackGuardByteCount = 256 * pageSize
}
