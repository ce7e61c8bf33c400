/// What a mirror was given last of shared memory into which other processes store.
///
/// Sound as unchecked: it is used by who cuts epochs alone, with the guest stopped.
final class SharedPages: @unchecked Sendable {
    private let last: PageStaging

    init() throws(StagingError) {
        last = try PageStaging()
    }

    /// Puts a page into an epoch, where it is another than the mirror was given.
    func add(_ number: UInt64, _ page: UnsafeRawPointer, to staging: PageStaging) throws(StagingError) {
        if last.holds(number, page) { return }
        try last.add(number, page)
        try staging.add(number, page)
    }

    /// The mirror forgets these.
    func remove(_ discards: Discards) {
        last.remove(discards)
    }
}
