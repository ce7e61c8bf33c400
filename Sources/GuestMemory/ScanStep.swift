/// What of the dirty pages is to be found: some of those at and above `start`.
struct ScanStep {
    var start: UInt64
    var pageCountMax: Int
    /// Whether they are not watched again.
    var leavesOpen: Bool
}

/// Where to go on, and how many pages were found so far: also those that need not be copied, as they are a file's.
struct ScanProgress {
    var end: UInt64
    var pageCount: Int
}
