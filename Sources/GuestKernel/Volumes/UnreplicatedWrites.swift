import CGuestEntry
import Glibc
import GuestMemory

/// Files that the guest may change although they are in no volume (`--allow-unreplicated-writes`): what is done to them
/// is output, which waits until all that the guest did before it is committed (docs/output-commit.md).
///
/// Asked before the journal is locked: nobody sleeps with that.
extension VolumeJournal {
    /// Whether what happens to this path (absolute, without links) is seen outside and known to no mirror.
    func isUnreplicated(_ path: [UInt8]) -> Bool {
        isRecording && roots.hasExceptions && roots.find(path) == nil && roots.isException(path)
    }

    /// Whether writes to what was opened wait.
    func isUnreplicated(_ hostFD: Int32, _ status: stat, _ request: OpenCalls.Request) -> Bool {
        guard isRecording, roots.hasExceptions, status.st_mode & S_IFMT == S_IFREG,
            request.flags & O_ACCMODE != O_RDONLY, !request.wantsPathOnly,
            let link = HostFile.link(ofDescriptor: hostFD)
        else { return false }
        return isUnreplicated(link)
    }
}

extension VolumeCall {
    /// Before a call that changes one file: 0, or what the interrupted call returns.
    func settle(_ thread: GuestThread, _ journal: VolumeJournal) -> Int {
        guard journal.isRecording, journal.roots.hasExceptions else { return 0 }
        return isSeenOutside(journal) ? thread.settleEverything() : 0
    }

    private func isSeenOutside(_ journal: VolumeJournal) -> Bool {
        if let file {
            guard file.volume == nil, case .file(let record) = file.record.current, !record.isMemory else {
                return false
            }
            return HostFile.link(ofDescriptor: file.hostFD).map(journal.isUnreplicated) ?? false
        }
        guard let first = paths.first else { return false }
        return VolumePlaces.existing(first, followsLast: followsLast).map { journal.isUnreplicated($0.path) } ?? false
    }
}
