import CGuestEntry
import Glibc
import GuestMemory
import Volumes

/// Opening while files are replicated: what an open makes or empties is recorded, and what it opens is opened by the
/// mirror as well.
extension VolumeJournal {
    /// openat2 on the host, once, without waiting.
    func open(
        _ kernel: GuestKernel, _ path: ResolvedPath, _ request: OpenCalls.Request, resolution: UInt64
    ) -> Int {
        // Without a mirror nothing is refused or recorded, and there is no order to keep.
        if !isRecording { return OpenCalls.openOnce(path, request, resolution: resolution) }
        let mayChange = mayChange(request)
        return perform(changes: mayChange) { state in
            let before =
                mayChange
                ? VolumePlaces.existing(path, followsLast: request.followsLast, resolution: request.resolution) : nil
            let makes = before == nil && mayChange && request.flags & O_CREAT != 0
            let made = makes ? VolumePlaces.made(path, followsLast: request.walkOptions.followsLast) : nil
            if mayChange, let refusal = refusal(kernel, path, request, before, made) { return refusal }
            let isLeft = made.map { VolumePlaces.status($0) == nil } ?? false
            let opened = OpenCalls.openOnce(path, request, resolution: resolution)
            if opened >= 0 {
                note(Int32(opened), request, isNew: makes, &state)
            } else if isLeft, let made {
                noteLeftBehind(made, &state)
            }
            return opened
        }
    }

    /// Whether an open can make, empty or change a file that is replicated.
    func mayChange(_ request: OpenCalls.Request) -> Bool {
        if request.wantsPathOnly || !isRecording { return false }
        return request.flags & O_ACCMODE != O_RDONLY
            || request.flags & (O_CREAT | O_TRUNC | OpenCalls.temporaryFile & ~O_DIRECTORY) != 0
    }

    /// EROFS for a file outside the volumes. A missing one that is not to be made is the host's to report.
    private func refusal(
        _ kernel: GuestKernel, _ path: ResolvedPath, _ request: OpenCalls.Request,
        _ before: (path: [UInt8], status: stat)?, _ made: [UInt8]?
    ) -> Int? {
        if let before {
            let isDirectory = before.status.st_mode & S_IFMT == S_IFDIR
            guard before.status.st_mode & S_IFMT == S_IFREG || isDirectory else { return nil }
            // Only to read it: O_CREAT says nothing of a file that is there.
            if request.flags & O_ACCMODE == O_RDONLY, request.flags & O_TRUNC == 0 { return nil }
            if isDirectory, request.flags & OpenCalls.temporaryFile & ~O_DIRECTORY == 0 { return nil }
            return mayWrite(kernel, before.path) ? nil : failed(EROFS)
        }
        guard let made else { return VolumePlaces.liesTooDeep(path) ? failed(ENAMETOOLONG) : nil }
        return mayWrite(kernel, made) ? nil : failed(EROFS)
    }

    /// An open that has failed may have made the file before: O_DIRECT where the file system has none (do_dentry_open
    /// in fs/open.c).
    private func noteLeftBehind(_ place: [UInt8], _ state: inout State) {
        guard let found = roots.find(place), let status = VolumePlaces.status(place),
            status.st_mode & S_IFMT == S_IFREG
        else { return }
        record(.createFile(found, FileOperation.Ownership(status)), in: &state)
    }

    /// Opens what is open once more, by way of its descriptor: it may be emptied by that, and written to then. A
    /// directory's may be where a nameless file is made.
    func openAgain(_ kernel: GuestKernel, _ file: FileDescription, _ request: OpenCalls.Request, _ open: () -> Int)
        -> Int
    {
        guard isRecording else { return open() }
        guard let volume = file.volume, file.kind == .regular else {
            guard file.kind == .regular || file.kind == .directory, mayChange(request),
                case .file(let record) = file.record.current, !record.isMemory
            else { return open() }
            guard mayWrite(kernel, HostFile.link(ofDescriptor: file.hostFD) ?? []) else { return failed(EROFS) }
            return perform { state in
                let opened = open()
                if opened >= 0, file.kind == .directory { note(Int32(opened), request, isNew: false, &state) }
                return opened
            }
        }
        guard request.flags & O_TRUNC != 0 else { return open() }
        return perform { state in
            let opened = open()
            if opened < 0 { return opened }
            record(.truncate(.handle(volume.handle), byteCount: 0), in: &state)
            if let times = VolumeJournal.times(volume.handle, Int32(opened)) { record(times, in: &state) }
            return opened
        }
    }

    /// A file that came through a socket, and nobody here knows any more: opened on the mirror by its name.
    func adopt(_ hostFD: Int32, statusFlags: Int32) -> VolumeFile? {
        _ = perform(changes: false) { state in
            note(hostFD, OpenCalls.Request(path: 0, flags: statusFlags, mode: 0), isNew: false, &state)
            return 0
        }
        return claim(hostFD)
    }

    /// Says once for each path why the guest may not write there.
    func mayWrite(_ kernel: GuestKernel, _ path: [UInt8]) -> Bool {
        if !isRecording || roots.find(path) != nil || roots.mayWriteOutside(path) { return true }
        let text = String(decoding: path, as: UTF8.self)
        // The directory that it is in, unless that is the root, which cannot be a volume.
        let above = path[..<(path.lastIndex(of: UInt8(ascii: "/")) ?? 0)]
        let directory = above.isEmpty ? text : String(decoding: above, as: UTF8.self)
        kernel.reportRefusedWrite(
            "the guest may not write to \(text), which is in no volume: add --volume \(directory) "
                + "or --allow-unreplicated-writes \(text)")
        return false
    }

    private func note(_ hostFD: Int32, _ request: OpenCalls.Request, isNew: Bool, _ state: inout State) {
        var status = stat()
        guard fstat(hostFD, &status) == 0, isRecording else { return }
        let kind = status.st_mode & S_IFMT
        guard kind == S_IFREG || kind == S_IFDIR, let link = HostFile.link(ofDescriptor: hostFD),
            let place = roots.find(link)
        else { return }
        let isNameless = request.flags & OpenCalls.temporaryFile == OpenCalls.temporaryFile
        // A directory that was removed ("." is still there): the mirror could not open it.
        if !isNameless, status.st_nlink == 0 { return }
        let file = VolumeFile(FileDescription.nextIdentity(), self)
        state.opened[hostFD] = file
        if isNameless, kind == S_IFREG {
            record(
                .openNameless(
                    file.handle, volume: place.volume, FileOperation.Ownership(status),
                    mayBeLinked: request.flags & O_EXCL == 0), in: &state)
            return
        }
        if isNew, kind == S_IFREG { record(.createFile(place, FileOperation.Ownership(status)), in: &state) }
        record(.open(file.handle, place), in: &state)
        if !isNew, kind == S_IFREG, request.flags & O_TRUNC != 0, !request.wantsPathOnly {
            record(.truncate(.handle(file.handle), byteCount: 0), in: &state)
            noteTouched(file.handle, hostFD, in: &state)
        }
    }
}

extension GuestKernel {
    private static let refusedWriteLinesMax = 64

    /// One line for each path, and not for ever.
    func reportRefusedWrite(_ line: String) {
        if reported.withLock({ $0.count >= GuestKernel.refusedWriteLinesMax }) { return }
        reportOnce(line)
    }
}
