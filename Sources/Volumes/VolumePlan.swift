/// What makes one copy of the volumes the same as another: worked out from what both say of themselves.
///
/// In this order: what is too much or of another kind goes and what is missing is made (`names`); regular files get
/// their bytes (`filled`, `compared`); then everything gets its attributes (`attributes`), directories last of all, as
/// changes in them change their times.
public struct VolumePlan: Sendable {
    public private(set) var names: [FileOperation] = []
    /// New regular files: all their bytes are missing.
    public private(set) var filled: [VolumeEntry] = []
    /// Regular files that both have, with the size that the other has: their bytes may differ.
    public private(set) var compared: [(entry: VolumeEntry, byteCount: UInt64)] = []

    private let wanted: [VolumeEntry]
    /// What is kept of the other copy, by its path.
    private var kept: [VolumePath: VolumeEntry] = [:]
    /// Directories of the other copy that hand their default ACL down to what is made in them (acl(5)).
    private var bequeathing: Set<VolumePath> = []
    /// Directories in which names have come or gone.
    private var touched: Set<VolumePath> = []

    /// While a directory is filled, and while a file is: for nobody else.
    private static let directoryMode: UInt32 = 0o700
    private static let fileMode: UInt32 = 0o600
    // linux/xattr.h
    private static let accessList = "system.posix_acl_access"
    private static let defaultList = "system.posix_acl_default"

    /// What the volumes are to be, and what they are, in any order.
    public init(from wanted: [VolumeEntry], to found: [VolumeEntry]) {
        self.wanted = wanted.sorted { $0.path < $1.path }
        let found = found.sorted { $0.path < $1.path }
        let (ours, theirs) = (VolumePlan.firstNames(self.wanted), VolumePlan.firstNames(found))
        let wantedByPath = Dictionary(self.wanted.map { ($0.path, $0) }) { first, _ in first }
        for entry in found {
            guard let wanted = wantedByPath[entry.path], VolumePlan.isSameKind(wanted, entry),
                VolumePlan.hasSameNames(wanted, ours, entry, theirs)
            else { continue }
            kept[entry.path] = entry
            if entry.has(VolumePlan.defaultList) { bequeathing.insert(entry.path) }
        }
        // From the leaves on.
        for entry in found.reversed() where kept[entry.path] == nil {
            note(entry.isDirectory ? .removeDirectory(entry.path) : .removeFile(entry.path), at: entry.path)
        }
        for entry in self.wanted { plan(entry, first: ours[entry.file]?.first ?? entry.path) }
        names = openings(found) + names
    }

    // MARK: - Same or not

    /// The names of each file, in order.
    private static func firstNames(_ entries: [VolumeEntry]) -> [VolumeEntry.File: [VolumePath]] {
        var names: [VolumeEntry.File: [VolumePath]] = [:]
        for entry in entries where !entry.isDirectory { names[entry.file, default: []].append(entry.path) }
        return names
    }

    private static func isSameKind(_ left: VolumeEntry, _ right: VolumeEntry) -> Bool {
        switch (left.kind, right.kind) {
        case (.regular, .regular), (.directory, .directory): return true
        default: return left.kind == right.kind
        }
    }

    /// Whether a file has the same names on both sides, and none outside the volumes: it could be changed by those.
    private static func hasSameNames(
        _ left: VolumeEntry, _ ours: [VolumeEntry.File: [VolumePath]],
        _ right: VolumeEntry, _ theirs: [VolumeEntry.File: [VolumePath]]
    ) -> Bool {
        if left.isDirectory { return true }
        let names = theirs[right.file] ?? []
        return names == ours[left.file] && UInt64(names.count) == right.linkCount
    }

    // MARK: - Planning

    private mutating func note(_ operation: FileOperation, at path: VolumePath) {
        names.append(operation)
        if let parent = path.parent { touched.insert(parent) }
    }

    /// Where names come and go the owner must be let in, as a mirror that is not root has no other rights; those above
    /// come first. What stays is given its mode at the end (`attributes`).
    private func openings(_ found: [VolumeEntry]) -> [FileOperation] {
        found.compactMap { entry in
            let (mode, changes) = (entry.ownership.mode, kept[entry.path] == nil || touched.contains(entry.path))
            guard entry.isDirectory, changes, mode & VolumePlan.directoryMode != VolumePlan.directoryMode else {
                return nil
            }
            return .setMode(.path(entry.path), mode | VolumePlan.directoryMode)
        }
    }

    private mutating func plan(_ entry: VolumeEntry, first: VolumePath) {
        if let there = kept[entry.path] {
            if case .regular(let byteCount) = there.kind, first == entry.path {
                compared.append((entry, byteCount))
            }
            return
        }
        // The volume's directory itself is always there.
        if entry.path.relative.isEmpty { return }
        if first != entry.path { return note(.link(.path(first), entry.path), at: entry.path) }
        var ownership = entry.ownership
        switch entry.kind {
        case .directory:
            ownership.mode = VolumePlan.directoryMode
            if let parent = entry.path.parent, bequeathing.contains(parent) { bequeathing.insert(entry.path) }
            note(.makeDirectory(entry.path, ownership), at: entry.path)
        case .regular:
            ownership.mode = VolumePlan.fileMode
            note(.createFile(entry.path, ownership), at: entry.path)
            filled.append(entry)
        case .symbolicLink(let target): note(.makeSymbolicLink(entry.path, target: target, ownership), at: entry.path)
        case .node(let kind, let device):
            note(.makeNode(entry.path, kind: kind, device: device, ownership), at: entry.path)
        }
    }

    // MARK: - Attributes

    /// What is left to do once the bytes are there. `written` are the files of `compared` that were changed.
    public func attributes(written: Set<VolumePath>) -> [FileOperation] {
        var operations: [FileOperation] = []
        var seen: Set<VolumeEntry.File> = []
        // Directories from the leaves on: behind all that happens in them.
        for entry in wanted.filter({ !$0.isDirectory }) + wanted.filter(\.isDirectory).reversed() {
            if !entry.isDirectory, !seen.insert(entry.file).inserted { continue }
            let isChanged = written.contains(entry.path) || touched.contains(entry.path)
            if kept[entry.path] == nil { operations += inherited(by: entry) }
            operations += VolumePlan.attributes(of: entry, kept[entry.path], isChanged: isChanged)
        }
        return operations
    }

    /// What a new file may have from its directory, and is not to have: it would grant what the original does not.
    private func inherited(by entry: VolumeEntry) -> [FileOperation] {
        if case .symbolicLink = entry.kind { return [] }
        guard let parent = entry.path.parent, bequeathing.contains(parent) else { return [] }
        let lists = entry.isDirectory ? [VolumePlan.accessList, VolumePlan.defaultList] : [VolumePlan.accessList]
        return lists.filter { !entry.has($0) }.map { .removeAttribute(.path(entry.path), name: Array($0.utf8)) }
    }

    private static func attributes(
        of entry: VolumeEntry, _ there: VolumeEntry?, isChanged: Bool
    ) -> [FileOperation] {
        var operations: [FileOperation] = []
        let target = FileOperation.Target.path(entry.path)
        let (wanted, found) = (entry.ownership, there?.ownership)
        let hasOtherOwner = wanted.user != found?.user || wanted.group != found?.group
        if hasOtherOwner { operations.append(.setOwner(target, user: wanted.user, group: wanted.group)) }
        var isLink = false
        if case .symbolicLink = entry.kind { isLink = true }
        // A new owner, and writing, take away the set-user-ID bit (chown(2), write(2)).
        if !isLink, hasOtherOwner || isChanged || wanted.mode != found?.mode {
            operations.append(.setMode(target, wanted.mode))
        }
        for attribute in there?.attributes ?? [] {
            if entry.attributes.contains(where: { $0.name == attribute.name }) { continue }
            operations.append(.removeAttribute(target, name: attribute.name))
        }
        // Writing, and another owner, take away capabilities (file_remove_privs in fs/inode.c).
        let losesSecurity = isChanged || hasOtherOwner
        for attribute in entry.attributes {
            let isKept = !losesSecurity || !attribute.name.starts(with: "security.".utf8)
            if isKept, there?.attributes.contains(attribute) == true { continue }
            operations.append(.setAttribute(target, name: attribute.name, value: attribute.value))
        }
        if isChanged || entry.times.modificationNanoseconds != there?.times.modificationNanoseconds {
            operations.append(.setTimes(target, entry.times))
        }
        return operations
    }
}
