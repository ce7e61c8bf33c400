extension VirtualMemoryArea {
    /// What an area is beyond its kind, as mmap's flags asked for it or as it came about.
    public struct Flags: OptionSet, Equatable, Hashable, Sendable {
        public let rawValue: UInt8

        public init(rawValue: UInt8) {
            self.rawValue = rawValue
        }

        /// MAP_GROWSDOWN: new mappings keep their distance below (``VirtualMemoryArea/stackGuardByteCount``).
        public static let growsDown = Flags(rawValue: 1)

        /// MAP_NORESERVE: the pages are not counted against the memory limit until they are touched.
        public static let noReserve = Flags(rawValue: 2)

        /// Came here by mremap(2): the host's mapping counts its offsets from where the pages were first (vm_pgoff), so
        /// that it never merges with the arena around it again. The arena is put back when the area is closed.
        public static let moved = Flags(rawValue: 4)

        /// MADV_DONTFORK: a child does not have it.
        public static let notForked = Flags(rawValue: 8)

        /// MADV_WIPEONFORK: a child has it without what is in it.
        public static let wipedOnFork = Flags(rawValue: 16)

        static let all: Flags = [.growsDown, .noReserve, .moved, .notForked, .wipedOnFork]
    }
}
