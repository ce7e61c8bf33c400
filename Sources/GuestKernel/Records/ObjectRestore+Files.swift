import CGuestEntry
import Glibc
import GuestMemory

/// Files by their paths, what came from outside, and watches.
extension ObjectRestorer {
    private static let linkItselfFlag: UInt32 = 0x0200_0000  // IN_DONT_FOLLOW
    private static let removalsMax: Int32 = 65536

    // MARK: - Files

    /// Opens the path once more, as it was opened but for making or emptying the file.
    func restoreFile(_ description: DescriptionRecord, _ file: FileRecord) throws(RestoreError) -> FileDescription {
        let path = String(decoding: file.path, as: UTF8.self)
        let isInVolume = file.identity.map { $0.volumeHandle != 0 } ?? false
        let object = memoryObject(description)
        if object == nil, file.isMemory || file.flags & OpenCalls.temporaryFile != 0 && !isInVolume {
            return try lost(description, "the guest's nameless file \(path) is not here: its descriptors fail (EIO)")
        }
        let opened = object.map { openCopy($0, file) } ?? openCopy(file) ?? open(file)
        guard opened >= 0 else {
            if [EMFILE, ENFILE, ENOMEM].contains(Int32(-opened)) { throw noRoom(description, errno: Int32(-opened)) }
            return try lost(
                description,
                "the guest's file \(path) cannot be opened here (errno \(-opened)): its descriptors fail (EIO)")
        }
        let hostFD = Int32(opened)
        var status = stat()
        fstat(hostFD, &status)
        let kind = OpenCalls.kind(of: status, hostFD)
        if file.flags & OpenCalls.pathOnly == 0, kind == .regular || kind == .directory {
            let flags = description.statusFlags & ~OpenCalls.largeFile
            hostCall(__NR_fcntl, UInt64(signed: hostFD), UInt64(F_SETFL), UInt64(signed: flags))
        }
        let place = kind == .directory ? place(file, status, hostFD) : nil
        if let offset = description.offset, kind == .regular || kind == .directory {
            if let place, place.isListedHere {
                place.seek(to: Int(offset))
            } else {
                if kind == .directory, offset != 0 { readFirstEntry(of: hostFD) }
                ObjectRestorer.seek(hostFD, to: offset)
            }
        }
        return FileDescription(
            kind: kind, hostFD: hostFD, statusFlags: description.statusFlags, record: description.object,
            payload: place, identity: description.identity)
    }

    /// Ext4 takes a directory that is first read elsewhere than at its start, and then from there, for one that has
    /// been read to its end: the position that it last came to is 0 until it has given an entry (ext4_dx_readdir in
    /// fs/ext4/dir.c, Linux 6.18).
    private func readFirstEntry(of directory: Int32) {
        let byteCount = 512
        withUnsafeTemporaryAllocation(byteCount: byteCount, alignment: 8) { entries in
            _ = hostCall(
                __NR_getdents64, UInt64(signed: directory), UInt64(address: entries.baseAddress), UInt64(byteCount))
        }
    }

    /// The mirror's own copy of a volume's file, which need not have a name any more: opened once more for each
    /// description, with what the guest may do with it. Nil for any other file.
    private func openCopy(_ file: FileRecord) -> Int? {
        guard let handle = file.identity?.volumeHandle, handle != 0,
            let copy = kernel.configuration.restoredFiles[handle]
        else { return nil }
        return openCopy(copy, file)
    }

    /// The host's file that a memory object is here; nil for any other description.
    func memoryObject(_ description: DescriptionRecord) -> Int32? {
        guard case .file(let file) = description.object, description.kind == .regular else { return nil }
        return file.identity.flatMap { kernel.configuration.restoredObjects[$0.number] }
    }

    private func openCopy(_ copy: Int32, _ file: FileRecord) -> Int {
        let flags = file.flags & ~(O_CREAT | O_EXCL | O_TRUNC | O_NOFOLLOW | O_DIRECTORY | OpenCalls.temporaryFile)
        let opened = HostFile.open(HostFile.descriptorPath(copy), flags: flags | O_CLOEXEC)
        if opened != -Int(EACCES) { return opened }
        // Made read-only since the guest has opened it. The mirror had opened it before that as well.
        return hostCall(__NR_fcntl, UInt64(signed: copy), UInt64(F_DUPFD_CLOEXEC), 0)
    }

    private func open(_ file: FileRecord) -> Int {
        let resolved = kernel.paths.resolveChecked(
            kernel, directory: UInt64(signed: AT_FDCWD), path: file.path,
            PathWalkOptions(followsLast: file.flags & O_NOFOLLOW == 0))
        switch resolved {
        case .failure(let error): return failed(error.errno)
        case .success(let path):
            var request = OpenCalls.Request(path: 0, flags: file.flags & ~(O_CREAT | O_EXCL | O_TRUNC), mode: 0)
            let opened = OpenCalls.openOnce(path, request, resolution: 0)
            // A FIFO's writer, without its reader for now.
            guard opened == -Int(ENXIO) else { return opened }
            request.flags = request.flags & ~O_ACCMODE | O_RDWR
            return OpenCalls.openOnce(path, request, resolution: 0)
        }
    }

    /// What makes relative paths from a directory speak of the guest.
    private func place(_ file: FileRecord, _ status: stat, _ hostFD: Int32) -> SpecialDirectory? {
        if case .success(let found)? = SyntheticPath.find(kernel, absolute: file.path, followsLast: false),
            case .directory(let directory, let task)? = found.synthetic?.node
        {
            return SpecialDirectory(path: file.path, node: (directory, task))
        }
        guard kernel.paths.landmarks.isSpecial(status), let path = HostFile.link(ofDescriptor: hostFD) else {
            return nil
        }
        return SpecialDirectory(path: path)
    }

    // MARK: - Outside

    /// This process's own 0, 1, 2 and what else it was given for the guest.
    func restoreOutside(
        _ description: DescriptionRecord, _ outside: OutsideRecord
    ) throws(RestoreError) -> FileDescription {
        if kernel.configuration.outsideDescriptors.contains(outside.descriptor),
            let file = OutsideFile.adopt(outside.descriptor, identity: description.identity)
        {
            // Who reads or writes is this process's matter; the rest is the guest's.
            let access = file.statusFlags.load(ordering: .relaxed) & O_ACCMODE
            file.statusFlags.store(description.statusFlags & ~O_ACCMODE | access, ordering: .relaxed)
            return file
        }
        let name = outside.descriptor < 0 ? "a descriptor that it was sent" : "descriptor \(outside.descriptor)"
        return try lost(description, "the guest had \(name) from outside, which is not here: it fails (EIO)")
    }

    // MARK: - Watches

    /// inotify(7) numbers watches upwards. The same numbers come of as many watches that are taken back.
    func restoreWatches(_ description: DescriptionRecord, _ watch: WatchRecord) throws(RestoreError) -> FileDescription
    {
        let made = hostCall(__NR_inotify_init1, UInt64(signed: O_CLOEXEC | O_NONBLOCK))
        guard made >= 0 else {
            return try lost(description, "no more inotify instances can be had here (errno \(-made)): they fail (EIO)")
        }
        let hostFD = Int32(made)
        var next: Int32 = 1
        for watch in watch.watches.sorted(by: { $0.number < $1.number }) {
            if watch.number - next < ObjectRestorer.removalsMax {
                while next < watch.number { next = skipNumber(hostFD, next) }
            }
            let number = add(watch, to: hostFD)
            if number >= next { next = number + 1 }
        }
        drain(hostFD)
        return try describe(description, .event, hostFD)
    }

    private func skipNumber(_ hostFD: Int32, _ next: Int32) -> Int32 {
        let modified: UInt64 = 2  // IN_MODIFY, which a directory never is
        let number = HostFile.withPath(Array("/".utf8)) { path in
            hostCall(__NR_inotify_add_watch, UInt64(signed: hostFD), path, modified)
        }
        if number >= 0 { hostCall(__NR_inotify_rm_watch, UInt64(signed: hostFD), UInt64(number)) }
        return max(next, Int32(clamping: number)) + 1
    }

    /// The number, or a negative errno: what is not here any more is not watched.
    private func add(_ watch: WatchRecord.Watch, to hostFD: Int32) -> Int32 {
        let resolved = kernel.paths.resolveChecked(
            kernel, directory: UInt64(signed: AT_FDCWD), path: watch.path,
            PathWalkOptions(followsLast: watch.mask & ObjectRestorer.linkItselfFlag == 0))
        guard case .success(let path) = resolved else { return -ENOENT }
        return withExtendedLifetime(path) {
            Int32(
                clamping: hostCall(
                    __NR_inotify_add_watch, UInt64(signed: hostFD), path.wholePathAddress, UInt64(watch.mask)))
        }
    }

    /// What taking watches back has left to read.
    private func drain(_ hostFD: Int32) {
        withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 8) { buffer in
            while hostCall(
                __NR_read, UInt64(signed: hostFD), UInt64(address: buffer.baseAddress), UInt64(buffer.count)) > 0
            {}
        }
    }
}
