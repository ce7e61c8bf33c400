import Synchronization

/// Says at a checkpoint whether bytes may have gone through a description since the last one, so that what lies in an
/// untouched pipe, socketpair or counter is not looked at again.
struct TransferMark: ~Copyable, Sendable {
    private let isSet = Atomic<Bool>(true)
    /// Somebody outside may have the object, too.
    private let isSetForGood = Atomic<Bool>(false)

    /// A transfer was tried. Comes after the host's call and before the next safe point, so that no checkpoint lies
    /// between the two.
    @inline(__always)
    func set() {
        // Most of the time it is set already, and a store would take the line away from other cores.
        if !isSet.load(ordering: .relaxed) { isSet.store(true, ordering: .relaxed) }
    }

    /// From here on every checkpoint has to look: the description is sent to another process, perhaps.
    func setForGood() {
        isSetForGood.store(true, ordering: .relaxed)
    }

    /// Whether somebody outside may have the object.
    var isForGood: Bool { isSetForGood.load(ordering: .relaxed) }

    /// Whether to look. The guest is stopped.
    func take() -> Bool {
        isSet.exchange(false, ordering: .relaxed) || isSetForGood.load(ordering: .relaxed)
    }
}
