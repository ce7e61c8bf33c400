import CGuestEntry
import Glibc
import GuestMemory

/// Names outside the volumes that the guest makes, changes or removes: below `--allow-unreplicated-writes`, and in
/// /dev/shm. What is done to one is done once, as far as the guest can see.
///
/// A call waits until the epoch is committed that it is in itself, and says in its record there that it was about to
/// happen, and to what. A mirror that makes it again cannot know whether the primary came to it: a name that is gone
/// already, or there already, is then what the call itself has done.
extension VolumeJournal {
    func isNameOutside(_ path: [UInt8]) -> Bool {
        isRecording && roots.find(path) == nil && (roots.isException(path) || roots.isSharedMemory(path))
    }
}

extension VolumeCall {
    private static let renamings: Set<Int32> = [__NR_rename, __NR_renameat, __NR_renameat2]
    private static let takings: Set<Int32> = renamings.union([__NR_unlink, __NR_unlinkat, __NR_rmdir])

    /// A call that changes names: waits before it where somebody outside sees them.
    func performOnNames(_ thread: GuestThread, _ journal: VolumeJournal, _ call: () -> Int) -> Int {
        if thread.takeAgain() { return VolumeCall.resultAgain(number, perform(journal, call)) }
        let settled = settleNames(thread, journal)
        return settled != 0 ? settled : perform(journal, call)
    }

    private func settleNames(_ thread: GuestThread, _ journal: VolumeJournal) -> Int {
        let places = paths.map { VolumePlaces.name($0) }
        guard places.contains(where: { $0.map(journal.isNameOutside) ?? false }) else { return 0 }
        // One that finds nothing to do now is no work of its own.
        let isTaken = VolumeCall.takings.contains(number)
        let isThere = (isTaken ? places.first : places.last)?.flatMap { $0 }.flatMap(VolumePlaces.status) != nil
        return isThere == isTaken ? thread.settleName() : thread.settleEverything()
    }

    /// What a call that may have been made before returns: as if it was not.
    static func resultAgain(_ number: Int32, _ result: Int) -> Int {
        result == -Int(takings.contains(number) ? ENOENT : EEXIST) ? 0 : result
    }
}

extension OpenCalls.Request {
    /// Of a call that may have been made before: what it was to make, and nothing else, may be there already.
    var again: OpenCalls.Request {
        guard flags & (O_CREAT | O_EXCL) == O_CREAT | O_EXCL else { return self }
        var request = self
        request.flags = flags & ~O_EXCL | O_NOFOLLOW | O_TRUNC
        return request
    }
}

extension GuestThread {
    /// As `settleEverything`, before a name changes that is as the call wants it. What waits says so in its record,
    /// for as long as it waits: the epoch that it waits for is the last before the change.
    func settleName() -> Int {
        waiter.isAboutToChangeName = true
        defer { waiter.isAboutToChangeName = false }
        return settleEverything()
    }

    /// Whether the call was about to change a name when the epoch was cut that this mirror goes on from.
    func takeAgain() -> Bool {
        defer { waiter.isAboutToChangeName = false }
        return waiter.isAboutToChangeName
    }
}
