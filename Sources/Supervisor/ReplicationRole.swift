import GuestKernel

/// A `run` whose epochs are cut: what becomes of them differs.
protocol ReplicationRole: Sendable {
    var statistics: ReplicationStatistics { get }
    var checkpointer: Checkpointer { get }
    /// Where the mirror is; nil where there is none.
    var peer: String? { get }
    /// How the guest goes on, in a word.
    var stateName: String { get }

    /// Starts to replicate. The guest may be running already.
    func start() throws(SupervisorError)

    /// The guest has ended. Returns when this process may end as it did.
    func finish(_ end: GuestEnd)
}
