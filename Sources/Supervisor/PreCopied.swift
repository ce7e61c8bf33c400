import GuestKernel
import GuestMemory

/// What was collected of an epoch before the guest stands still for it.
struct PreCopied {
    /// Nothing: all of it is left for the pause.
    static let nothing = PreCopied(roundCount: 0)

    var roundCount: Int
    /// How often dirty pages were searched for everywhere.
    var searchCount = 0
    var cost = CollectionCost()
    /// Where all threads waited: as long as they are in these waits, nothing is left to collect.
    var idleMark: IdleMark?
    /// Page faults since the last round began; nil where it left pages open, whose stores are none.
    var faults: FaultCount?
    /// Its pages are not watched again.
    var leftOpen = false

    var isNothing: Bool { roundCount == 0 }
}
