extension VirtualMemoryArea {
    /// Whether the area lies on the arena's own anonymous pages, as opposed to a host mapping of
    /// a file or of shared memory.
    public var isArenaMemory: Bool {
        switch kind {
        case .anonymous, .stack, .heap: return true
        case .privateFile(_, _, let isHostMapped): return !isHostMapped
        case .sharedAnonymous, .sharedFile: return false
        }
    }

    /// Arena memory that has no file behind it, so that more of it is simply zero pages.
    var isPlainAnonymous: Bool {
        switch kind {
        case .anonymous, .stack, .heap: return true
        case .privateFile, .sharedAnonymous, .sharedFile: return false
        }
    }

    /// Whether the arena's own mapping is gone from under the area, so that it has to be put back at the end.
    public var leavesArena: Bool { !isArenaMemory || flags.contains(.moved) }
}
