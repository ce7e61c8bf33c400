import Volumes

/// A file or directory of a volume that the guest has open: the mirror has it open as well, until the last description
/// of it is gone.
final class VolumeFile: Sendable {
    let handle: FileOperation.Handle
    let journal: VolumeJournal

    init(_ handle: FileOperation.Handle, _ journal: VolumeJournal) {
        self.handle = handle
        self.journal = journal
    }

    deinit {
        journal.append(.close(handle))
    }
}

extension FileTable {
    /// The files of volumes behind the descriptors, each once, in order.
    var volumeHandles: [FileOperation.Handle] {
        Set(allEntries().compactMap { $0.entry.file.volume?.handle }).sorted()
    }
}
