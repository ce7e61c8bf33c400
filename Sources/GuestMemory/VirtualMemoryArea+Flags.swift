extension VirtualMemoryArea {
    /// What mmap's flags asked for beyond the kind.
    public struct Flags: OptionSet, Equatable, Hashable, Sendable {
        public let rawValue: UInt8

        public init(rawValue: UInt8) {
            self.rawValue = rawValue
        }

        /// MAP_GROWSDOWN: new mappings keep their distance below (``VirtualMemoryArea/stackGuardByteCount``).
        public static let growsDown = Flags(rawValue: 1)

        /// MAP_NORESERVE: the pages are not counted against the memory limit until they are touched.
        public static let noReserve = Flags(rawValue: 2)
    }
}
