import GuestMemory

/// What a futex is, whichever address it is reached by (futex(2), "shared" and "private").
struct FutexKey: Equatable, Sendable {
    /// 0 for private memory; otherwise what tells the shared object from others.
    private var object: UInt64 = 0
    private var device: UInt64 = 0
    /// The address, or the offset within the shared object.
    private var offset: UInt64

    /// Whether it lies in memory that another address may name, too.
    var isShared: Bool { object != 0 || device != 0 }

    init(privateAddress address: UInt64) {
        offset = address
    }

    /// The key of a futex that may lie in shared memory, where another address may name the same word.
    /// Takes the address space's lock: not under the futex table's.
    init(address: UInt64, in memory: AddressSpace) {
        self.init(privateAddress: address)
        guard let area = memory.area(containing: address), area.kind.isShared else { return }
        offset = area.kind.offset &+ (address - area.range.start)
        switch area.kind {
        case .sharedFile(let file, _, _):
            object = file.inode
            device = file.device &+ 1
        case .sharedAnonymous(let identity, _):
            object = identity
        default:
            break
        }
    }
}
