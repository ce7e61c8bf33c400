import CGuestEntry
import Glibc
import GuestMemory
import Volumes

/// Calls that are passed on and change files: done under the journal's lock, and recorded by their outcome.
struct VolumeCall {
    let kernel: GuestKernel
    let number: Int32
    /// As the host's kernel gets them.
    let arguments: SyscallArguments
    let paths: [ResolvedPath]
    /// The description that the call is about, where it is about one.
    let file: FileDescription?
    let followsLast: Bool

    private typealias State = VolumeJournal.State

    /// Since Linux 6.6; libc's headers may be older.
    private static let fchmodat2Number: Int32 = 452

    static let names: Set<Int32> = [
        __NR_rename, __NR_renameat, __NR_renameat2, __NR_mkdir, __NR_mkdirat, __NR_rmdir, __NR_link, __NR_linkat,
        __NR_unlink, __NR_unlinkat, __NR_symlink, __NR_symlinkat, __NR_mknod, __NR_mknodat,
    ]
    static let sizes: Set<Int32> = [__NR_truncate, __NR_ftruncate, __NR_fallocate]
    private static let owners: Set<Int32> = [__NR_chown, __NR_lchown, __NR_fchown, __NR_fchownat]
    static let modes: Set<Int32> = owners.union([__NR_chmod, __NR_fchmod, __NR_fchmodat, fchmodat2Number])
    static let times: Set<Int32> = [__NR_utime, __NR_utimes, __NR_futimesat, __NR_utimensat]
    static let settings: Set<Int32> = [__NR_setxattr, __NR_lsetxattr, __NR_fsetxattr]
    static let removals: Set<Int32> = [__NR_removexattr, __NR_lremovexattr, __NR_fremovexattr]
    static let changing = names.union(sizes).union(modes).union(times).union(settings).union(removals)

    func perform(_ journal: VolumeJournal, _ call: () -> Int) -> Int {
        journal.perform { state in
            VolumeCall.names.contains(number)
                ? changeNames(journal, &state, call) : changeOne(journal, &state, call)
        }
    }

    /// bind(2) of a Unix socket to a path makes a node.
    static func bind(_ thread: GuestThread, _ address: [UInt8], _ call: () -> Int) -> Int {
        thread.kernel.nameChanges.waitForOthers(thread)
        let familyByteCount = 2
        guard address.count > familyByteCount, address[familyByteCount] != 0, address[0] == UInt8(AF_UNIX),
            address[1] == 0, thread.kernel.volumes != nil || thread.waiter.isAboutToChangeName
        else { return call() }
        let path = Array(address.dropFirst(familyByteCount).prefix { $0 != 0 })
        let resolved = thread.kernel.paths.resolveChecked(
            thread.kernel, directory: UInt64(signed: AT_FDCWD), path: path, PathWalkOptions(followsLast: false))
        guard case .success(let found) = resolved else { return call() }
        let change = VolumeCall(
            kernel: thread.kernel, number: __NR_bind, arguments: SyscallArguments(a: 0, b: 0, c: 0, d: 0, e: 0, f: 0),
            paths: [found], file: nil, followsLast: false)
        return change.bind(thread, found, call)
    }

    private func bind(_ thread: GuestThread, _ path: ResolvedPath, _ call: () -> Int) -> Int {
        let journal = thread.kernel.volumes
        func make() -> Int {
            guard let journal else { return call() }
            return journal.perform { state in changeNames(journal, &state, call) }
        }
        if thread.takeAgain() {
            let result = make()
            if result != -Int(EADDRINUSE) { return result }
            VolumePlaces.removeOwn(VolumePlaces.name(path), kind: S_IFSOCK)
            return make()
        }
        guard let journal, journal.isRecording, journal.mayBeOutside(path), let place = VolumePlaces.name(path),
            journal.isNameOutside(place)
        else { return make() }
        return thread.settlingName(place, make)
    }

    // MARK: - Names

    private func changeNames(_ journal: VolumeJournal, _ state: inout State, _ call: () -> Int) -> Int {
        let places = paths.map { VolumePlaces.name($0) }
        // Names that lead nowhere are the host's to refuse.
        let isLink = number == __NR_link || number == __NR_linkat
        if (isLink ? places.suffix(1) : places[...]).contains(where: { $0 == nil }) {
            return journal.isRecording && paths.contains(where: VolumePlaces.liesTooDeep)
                ? failed(ENAMETOOLONG) : call()
        }
        let target = isLink ? linkTarget(journal) : nil
        for case let place? in isLink ? [places.last ?? nil] : places {
            // A socket's name is no file that anybody writes to.
            if number != __NR_bind, !journal.mayWrite(kernel, place) { return failed(EROFS) }
        }
        let found = places.map { $0.flatMap(journal.roots.find) }
        if let crossing = crossing(journal, found, isLink: isLink, target) { return crossing }
        if journal.isRecording, takesNameAway, found.contains(where: { $0?.relative.isEmpty == true }) {
            // As if it were a mount: the mirror could not follow.
            return failed(EBUSY)
        }
        let result = call()
        guard result >= 0, let last = found.last ?? nil, let name = places.last ?? nil else { return result }
        for operation in nameOperations(last, name, found, target) { journal.record(operation, in: &state) }
        return result
    }

    /// Whether a directory that is named loses its name.
    private var takesNameAway: Bool {
        switch number {
        case __NR_rmdir, __NR_rename, __NR_renameat, __NR_renameat2: return true
        case __NR_unlinkat: return arguments.c & UInt64(AT_REMOVEDIR) != 0
        default: return false
        }
    }

    /// What goes into or out of a volume would have to be copied: natively that is so between file systems (EXDEV), and
    /// programs do it by themselves.
    private func crossing(
        _ journal: VolumeJournal, _ found: [VolumePath?], isLink: Bool, _ target: FileOperation.Target?
    ) -> Int? {
        if !journal.isRecording { return nil }
        if isLink {
            if target == nil, !isLinkTargetThere { return nil }
            return (target == nil) == (found.last == .some(nil)) ? nil : failed(EXDEV)
        }
        guard found.count == 2 else { return nil }
        return found[0]?.volume == found[1]?.volume ? nil : failed(EXDEV)
    }

    private func linkTarget(_ journal: VolumeJournal) -> FileOperation.Target? {
        if let file { return file.volume.map { .handle($0.handle) } }
        guard let first = paths.first else { return nil }
        if case .descriptor(let file)? = first.synthetic?.node { return file.volume.map { .handle($0.handle) } }
        // AT_EMPTY_PATH.
        if first.hostPath.isEmpty { return first.directory?.volume.map { .handle($0.handle) } }
        let follows = number == __NR_linkat && followsLast
        guard let existing = VolumePlaces.existing(first, followsLast: follows) else { return nil }
        return journal.roots.find(existing.path).map { .path($0) }
    }

    /// The host has a word for a link to nothing.
    private var isLinkTargetThere: Bool {
        guard file == nil, let first = paths.first, first.synthetic == nil, !first.hostPath.isEmpty else { return true }
        return VolumePlaces.existing(first, followsLast: number == __NR_linkat && followsLast) != nil
    }

    private func nameOperations(
        _ last: VolumePath, _ name: [UInt8], _ found: [VolumePath?], _ target: FileOperation.Target?
    ) -> [FileOperation] {
        switch number {
        case __NR_rename, __NR_renameat, __NR_renameat2:
            guard let from = found.first ?? nil else { return [] }
            let flags = number == __NR_renameat2 ? UInt32(truncatingIfNeeded: arguments.e) : 0
            return [.rename(from, last, flags: flags)]
        case __NR_link, __NR_linkat: return target.map { [.link($0, last)] } ?? []
        case __NR_rmdir: return [.removeDirectory(last)]
        case __NR_unlink: return [.removeFile(last)]
        case __NR_unlinkat:
            return arguments.c & UInt64(AT_REMOVEDIR) != 0 ? [.removeDirectory(last)] : [.removeFile(last)]
        default: break
        }
        guard let status = VolumePlaces.status(name) else { return [] }
        let ownership = FileOperation.Ownership(status)
        switch status.st_mode & S_IFMT {
        case S_IFDIR: return [.makeDirectory(last, ownership)]
        case S_IFREG: return [.createFile(last, ownership)]
        case S_IFLNK: return [.makeSymbolicLink(last, target: HostFile.link(name) ?? [], ownership)]
        default:
            return [
                .makeNode(
                    last, kind: UInt32(status.st_mode & S_IFMT), device: UInt64(status.st_rdev), ownership)
            ]
        }
    }

    // MARK: - One file

    private func changeOne(_ journal: VolumeJournal, _ state: inout State, _ call: () -> Int) -> Int {
        let target: FileOperation.Target
        let path: [UInt8]
        if let file = file ?? synthetic {
            path = HostFile.descriptorPath(file.hostFD)
            if let volume = file.volume {
                target = .handle(volume.handle)
            } else if let place = place(journal, file) {
                target = .path(place)
            } else {
                return allowed(journal, file) ? call() : failed(EROFS)
            }
        } else {
            guard let first = paths.first else { return call() }
            guard let existing = VolumePlaces.existing(first, followsLast: followsLast) else {
                return journal.isRecording && VolumePlaces.liesTooDeep(first) ? failed(ENAMETOOLONG) : call()
            }
            path = existing.path
            if !journal.mayWrite(kernel, path) { return failed(EROFS) }
            // What was removed has no place any more, and nobody else can reach it.
            guard existing.status.st_nlink > 0, let place = journal.roots.find(path) else { return call() }
            target = .path(place)
        }
        // Other threads may change it afterwards.
        let attribute = isAboutAttribute ? try? GuestAccess.string(at: arguments.b, limit: 256) : nil
        let result = call()
        if result < 0 {
            // One that ran out of room half-way may have made the file longer.
            if number == __NR_fallocate, let file { recordSize(of: file, target, journal, &state) }
            return result
        }
        for operation in operations(on: target, at: path, attribute) { journal.record(operation, in: &state) }
        return result
    }

    private func recordSize(
        of file: FileDescription, _ target: FileOperation.Target, _ journal: VolumeJournal, _ state: inout State
    ) {
        var status = stat()
        guard fstat(file.hostFD, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return }
        journal.record(.truncate(target, byteCount: UInt64(status.st_size)), in: &state)
    }

    private var isAboutAttribute: Bool {
        VolumeCall.settings.contains(number) || VolumeCall.removals.contains(number)
    }

    /// Where a file lies that is open here and not on the mirror: a FIFO, or a symbolic link that was opened as such.
    private func place(_ journal: VolumeJournal, _ file: FileDescription) -> VolumePath? {
        guard journal.isRecording, let link = HostFile.link(ofDescriptor: file.hostFD),
            let place = journal.roots.find(link), let found = VolumePlaces.status(link)
        else { return nil }
        var status = stat()
        fstat(file.hostFD, &status)
        return status.st_dev == found.st_dev && status.st_ino == found.st_ino ? place : nil
    }

    private var synthetic: FileDescription? {
        if case .descriptor(let file)? = paths.first?.synthetic?.node, followsLast { return file }
        return nil
    }

    /// An open file outside the volumes whose size or attributes are changed; it may be open for reading only.
    private func allowed(_ journal: VolumeJournal, _ file: FileDescription) -> Bool {
        guard file.kind == .regular || file.kind == .directory, case .file(let record) = file.record.current,
            !record.isMemory
        else { return true }
        // By a descriptor that is not open for writing no size is changed, wherever the file is: the host says so.
        let isReadOnly = file.statusFlags.load(ordering: .relaxed) & O_ACCMODE == O_RDONLY
        if self.file != nil, isReadOnly, VolumeCall.sizes.contains(number) { return true }
        return journal.mayWrite(kernel, HostFile.link(ofDescriptor: file.hostFD) ?? [])
    }

    private func operations(
        on target: FileOperation.Target, at path: [UInt8], _ attribute: [UInt8]?
    ) -> [FileOperation] {
        var status = stat()
        if let file = file ?? synthetic {
            fstat(file.hostFD, &status)
        } else if let found = VolumePlaces.status(path) {
            status = found
        }
        let times = FileOperation.setTimes(target, FileOperation.Times(status))
        switch number {
        case __NR_truncate, __NR_ftruncate: return [.truncate(target, byteCount: UInt64(status.st_size)), times]
        case __NR_fallocate:
            return [
                .allocate(
                    target, mode: UInt32(truncatingIfNeeded: arguments.b), offset: arguments.c,
                    byteCount: arguments.d), times,
            ]
        case _ where VolumeCall.times.contains(number): return [times]
        case _ where VolumeCall.modes.contains(number):
            // A new owner takes away what only the old one was trusted with (capabilities, set-user-ID): here as there.
            let owner = FileOperation.setOwner(target, user: status.st_uid, group: status.st_gid)
            let mode = FileOperation.setMode(target, UInt32(status.st_mode) & 0o7777)
            let isLink = status.st_mode & S_IFMT == S_IFLNK
            return (VolumeCall.owners.contains(number) ? [owner] : []) + (isLink ? [] : [mode])
        default: return attribute.map { attributeOperations(on: target, at: path, $0) } ?? []
        }
    }

    private func attributeOperations(
        on target: FileOperation.Target, at path: [UInt8], _ name: [UInt8]
    ) -> [FileOperation] {
        if VolumeCall.removals.contains(number) { return [.removeAttribute(target, name: name)] }
        // A descriptor's path is a link to the file.
        let isLink = (file ?? synthetic) == nil
        guard let value = HostFile.attribute(name, of: path, followsLast: !isLink) else { return [] }
        return [.setAttribute(target, name: name, value: value)]
    }
}
