import CGuestEntry
import Glibc
import GuestMemory

/// Names outside the volumes that the guest makes, changes or removes: below `--allow-unreplicated-writes`, and in
/// /dev/shm. What is done to one is done once, as far as the guest can see.
///
/// A call waits until the epoch is committed that it is in itself, and says in its record there that it is about to
/// change a name which is as the call wants it. A mirror that makes it again cannot know whether the primary came to
/// it: a name that is gone by then, or there, is what the call itself has done. No two calls are about to change the
/// same name, and a mirror makes those calls again before it begins others (`NameChanges`).
extension VolumeJournal {
    func isNameOutside(_ path: [UInt8]) -> Bool {
        isRecording && roots.find(path) == nil && (roots.isException(path) || roots.isSharedMemory(path))
    }

    /// Whether the name that a path ends with may be outside; without exceptions one host call says that it is not. (A
    /// link that ends with nothing in /dev/shm is taken for what it is in.)
    func mayBeOutside(_ path: ResolvedPath) -> Bool {
        roots.hasExceptions || VolumePlaces.parentDevice(path) == roots.sharedMemoryDevice
    }

    /// Before an open that makes or empties a file, where somebody outside sees it: waits. Then opens.
    func openOutside(_ thread: GuestThread, _ path: ResolvedPath, _ request: OpenCalls.Request, _ open: () -> Int)
        -> Int
    {
        let changes = request.flags & (O_CREAT | O_TRUNC) != 0 && !request.wantsPathOnly
        guard isRecording, changes, mayBeOutside(path) else { return open() }
        var found = existing(path, request)
        if let place = found {
            // One that is there is left as it is, but for what was in it.
            guard request.flags & O_TRUNC != 0, !request.isExclusive, isUnreplicated(place) else { return open() }
            let settled = thread.settleEverything()
            if settled != 0 { return settled }
            found = existing(path, request)
        }
        guard found == nil, request.flags & O_CREAT != 0,
            let place = VolumePlaces.made(path, followsLast: request.walkOptions.followsLast), isNameOutside(place)
        else { return open() }
        return thread.settlingName(place, open)
    }

    private func existing(_ path: ResolvedPath, _ request: OpenCalls.Request) -> [UInt8]? {
        VolumePlaces.existing(path, followsLast: request.walkOptions.followsLast, resolution: request.resolution)?.path
    }
}

extension VolumeCall {
    static let renamings: Set<Int32> = [__NR_rename, __NR_renameat, __NR_renameat2]
    private static let takings: Set<Int32> = renamings.union([__NR_unlink, __NR_unlinkat, __NR_rmdir])
    /// RENAME_EXCHANGE and RENAME_WHITEOUT (linux/fs.h) leave names that do not tell whether it was done.
    private static let unrepeatable: UInt64 = 2 | 4

    /// Makes a call that changes names, which waits first where somebody outside sees them.
    func performOnNames(_ thread: GuestThread, _ journal: VolumeJournal, _ call: () -> Int) -> Int {
        guard paths.contains(where: journal.mayBeOutside) else { return perform(journal, call) }
        let places = paths.map { VolumePlaces.name($0) }
        guard places.contains(where: { $0.map(journal.isNameOutside) ?? false }) else { return perform(journal, call) }
        return thread.kernel.nameChanges.claiming(places.compactMap { $0 }, thread) {
            let settled = settleNames(thread, places)
            return settled != 0 ? settled : perform(journal, call)
        }
    }

    /// One that finds nothing to do does nothing that has to wait.
    private func settleNames(_ thread: GuestThread, _ places: [[UInt8]?]) -> Int {
        if number == __NR_renameat2, arguments.e & VolumeCall.unrepeatable != 0 { return thread.settleEverything() }
        let isTaken = VolumeCall.takings.contains(number)
        // Where what is linked lies is the host's to find, and may have no name.
        if isTaken, places.contains(where: { $0 == nil }) { return 0 }
        guard let name = (isTaken ? places.first : places.last) ?? nil else { return 0 }
        return (VolumePlaces.status(name) != nil) == isTaken ? thread.settleName() : 0
    }

    /// What a call that may have been made before returns: as if it was not.
    static func resultAgain(_ number: Int32, _ paths: [ResolvedPath], _ result: Int) -> Int {
        let isThere = { (path: ResolvedPath?) -> Bool? in
            path.flatMap { VolumePlaces.name($0) }.map { VolumePlaces.status($0) != nil }
        }
        let isDone: Bool
        if renamings.contains(number) {
            isDone = result == -Int(ENOENT) && isThere(paths.first) != true && isThere(paths.last) == true
        } else if takings.contains(number) {
            // Its directory may be gone, too: the name was there when the epoch was cut.
            isDone = result == -Int(ENOENT) && isThere(paths.first) != true
        } else {
            isDone = result == -Int(EEXIST)
        }
        return isDone ? 0 : result
    }
}

extension OpenCalls {
    /// Opens what was to be made and may have been. What the primary has made is made anew: it may have been written
    /// to since (/dev/shm), and may not be opened for writing a second time, by its mode.
    static func openAgain(_ path: ResolvedPath, _ request: Request, _ open: (Request) -> Int) -> Int {
        var exclusive = request
        exclusive.flags |= O_EXCL
        let opened = open(exclusive)
        if opened != -Int(EEXIST) { return opened }
        VolumePlaces.removeOwn(VolumePlaces.made(path, followsLast: request.walkOptions.followsLast), kind: S_IFREG)
        return open(request)
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

    /// Makes a name outside by `make`, and waits before that where there is none yet.
    func settlingName(_ place: [UInt8], _ make: () -> Int) -> Int {
        kernel.nameChanges.claiming([place], self) {
            let settled = VolumePlaces.status(place) == nil ? settleName() : 0
            return settled != 0 ? settled : make()
        }
    }

    /// Whether the call was about to change a name when the epoch was cut that this mirror goes on from.
    func takeAgain() -> Bool {
        defer { waiter.isAboutToChangeName = false }
        return waiter.isAboutToChangeName
    }
}
