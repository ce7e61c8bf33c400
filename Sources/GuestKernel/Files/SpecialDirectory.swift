import Glibc
import GuestMemory
import Synchronization

/// What a directory's description carries when relative paths from it may lead below /proc/self: its place, and its
/// entries where those are the guest's.
final class SpecialDirectory: Sendable {
    struct Entry: Sendable {
        var name: [UInt8]
        /// DT_*.
        var type: UInt8
        var inode: UInt64
    }

    /// Where the directory is, as the guest sees it: absolute, without links.
    let path: [UInt8]
    /// Set when it is one of the guest's, below /proc/self.
    let node: (directory: ProcDirectory, task: ProcTask)?

    private struct Listing {
        var entries: [Entry] = []
        var isMade = false
        var offset = 0
    }

    private let listing = Mutex(Listing())

    init(path: [UInt8], node: (directory: ProcDirectory, task: ProcTask)? = nil) {
        self.path = path
        self.node = node
    }

    /// Whether the entries are made up; otherwise the host's directory is listed.
    var isListedHere: Bool {
        guard let node else { return false }
        return node.directory != .process
    }

    /// Where the next entry is taken from.
    var offset: Int {
        listing.withLock { $0.offset }
    }

    /// Goes on from entry number `offset`. From the start the entries are those of then, not of before.
    func seek(to offset: Int) {
        listing.withLock { listing in
            listing.offset = offset
            if offset == 0 { listing.isMade = false }
        }
    }

    /// The entries from `offset` on.
    func rest(_ kernel: GuestKernel) -> ArraySlice<Entry> {
        let isMade = listing.withLock { $0.isMade }
        if !isMade {
            let entries = makeEntries(kernel)
            listing.withLock { listing in
                listing.entries = entries
                listing.isMade = true
            }
        }
        return listing.withLock { listing in
            listing.entries.dropFirst(min(listing.offset, listing.entries.count))
        }
    }

    private func makeEntries(_ kernel: GuestKernel) -> [Entry] {
        var entries = [
            Entry(name: Array(".".utf8), type: UInt8(DT_DIR), inode: 1),
            Entry(name: Array("..".utf8), type: UInt8(DT_DIR), inode: 1),
        ]
        switch node?.directory {
        case .descriptors, .descriptorInfos:
            let type = UInt8(node?.directory == .descriptors ? DT_LNK : DT_REG)
            for (descriptor, _) in kernel.files.snapshot() { entries.append(numbered(descriptor, type)) }
        case .tasks:
            for thread in kernel.threads.snapshot() { entries.append(numbered(thread.tid, UInt8(DT_DIR))) }
        case .process, nil:
            break
        }
        return entries
    }

    private func numbered(_ number: Int32, _ type: UInt8) -> Entry {
        // Inode numbers below /proc mean nothing, but 0 would be no entry.
        Entry(name: Array(String(number).utf8), type: type, inode: UInt64(number) + 2)
    }
}
