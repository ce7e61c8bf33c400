/// The layouts of frames that a walk came through last, by the place where the function was left: walks go through the
/// same few again and again, and reading a layout from the module's tables takes ten times as long.
struct LayoutCache: Sendable {
    private struct Slot: Sendable {
        /// Zero for none.
        var place: UInt64 = 0
        /// What is mapped there: another file there later has other functions.
        var area = CodeArea(start: 0, end: 0, fileOffset: 0, device: 0, inode: 0)
        var layout: FrameLayout?
    }

    private var slots: [Slot] = []

    private static let slotCount = 512

    private static func index(_ place: UInt64) -> Int {
        Int(truncatingIfNeeded: (place ^ place >> 12) % UInt64(slotCount))
    }

    func layout(at place: UInt64, _ area: CodeArea) -> FrameLayout? {
        if slots.isEmpty { return nil }
        let index = LayoutCache.index(place)
        guard slots[index].place == place, slots[index].area == area else { return nil }
        return slots[index].layout
    }

    mutating func insert(_ layout: FrameLayout, at place: UInt64, _ area: CodeArea) {
        if slots.isEmpty { slots = [Slot](repeating: Slot(), count: LayoutCache.slotCount) }
        slots[LayoutCache.index(place)] = Slot(place: place, area: area, layout: layout)
    }
}
