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
        perform { state in
            let before =
                request.flags & O_CREAT != 0 || mayChange(request)
                ? VolumePlaces.existing(path, followsLast: request.followsLast, resolution: request.resolution) : nil
            if mayChange(request), let refusal = refusal(kernel, path, request, before) { return refusal }
            let opened = OpenCalls.openOnce(path, request, resolution: resolution)
            if opened < 0 { return opened }
            note(Int32(opened), request, isNew: before == nil && request.flags & O_CREAT != 0, &state)
            return opened
        }
    }

    private func mayChange(_ request: OpenCalls.Request) -> Bool {
        if request.wantsPathOnly { return false }
        return request.flags & O_ACCMODE != O_RDONLY
            || request.flags & (O_CREAT | O_TRUNC | OpenCalls.temporaryFile & ~O_DIRECTORY) != 0
    }

    /// EROFS for a file outside the volumes. A missing one that is not to be made is the host's to report.
    private func refusal(
        _ kernel: GuestKernel, _ path: ResolvedPath, _ request: OpenCalls.Request,
        _ before: (path: [UInt8], status: stat)?
    ) -> Int? {
        if let before {
            let isDirectory = before.status.st_mode & S_IFMT == S_IFDIR
            guard before.status.st_mode & S_IFMT == S_IFREG || isDirectory else { return nil }
            // Only to read it: O_CREAT says nothing of a file that is there.
            if request.flags & O_ACCMODE == O_RDONLY, request.flags & O_TRUNC == 0 { return nil }
            if isDirectory, request.flags & OpenCalls.temporaryFile & ~O_DIRECTORY == 0 { return nil }
            return mayWrite(kernel, before.path) ? nil : failed(EROFS)
        }
        guard request.flags & O_CREAT != 0, let name = VolumePlaces.name(path) else { return nil }
        return mayWrite(kernel, name) ? nil : failed(EROFS)
    }

    /// Opens a file of a volume once more, by way of a descriptor: what may come of it is that it is emptied.
    func openAgain(_ file: VolumeFile, _ request: OpenCalls.Request, _ open: () -> Int) -> Int {
        guard request.flags & O_TRUNC != 0 else { return open() }
        return perform { state in
            let opened = open()
            if opened < 0 { return opened }
            record(.truncate(.handle(file.handle), byteCount: 0), in: &state)
            if let times = VolumeJournal.times(file.handle, Int32(opened)) { record(times, in: &state) }
            return opened
        }
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
        let file = VolumeFile(FileDescription.nextIdentity(), self)
        state.opened[hostFD] = file
        let isNameless = request.flags & OpenCalls.temporaryFile == OpenCalls.temporaryFile
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
            noteTouched(file.handle, hostFD)
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
