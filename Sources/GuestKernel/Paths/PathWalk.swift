import Glibc

/// How a path is followed.
struct PathWalkOptions: Sendable, Equatable {
    /// Whether a link in the last place is followed.
    var followsLast = true
    /// The call makes, moves or removes the last name itself: a slash behind it does not make a link be followed, and
    /// ".." stays what it is (filename_parentat in fs/namei.c).
    var isName = false
    /// openat2's RESOLVE_*.
    var resolution: UInt64 = 0

    static let withinFileSystem: UInt64 = 0x01  // RESOLVE_NO_XDEV
    static let withoutMagicLinks: UInt64 = 0x02  // RESOLVE_NO_MAGICLINKS
    static let withoutLinks: UInt64 = 0x04  // RESOLVE_NO_SYMLINKS
    static let beneath: UInt64 = 0x08  // RESOLVE_BENEATH
    static let inRoot: UInt64 = 0x10  // RESOLVE_IN_ROOT

    /// The path may not lead out of the directory that it starts from.
    var isConfined: Bool { resolution & (PathWalkOptions.beneath | PathWalkOptions.inRoot) != 0 }
    var isInRoot: Bool { resolution & PathWalkOptions.inRoot != 0 }
    var staysInFileSystem: Bool { resolution & PathWalkOptions.withinFileSystem != 0 }
    var refusesMagicLinks: Bool { resolution & PathWalkOptions.withoutMagicLinks != 0 }
    var refusesLinks: Bool { resolution & PathWalkOptions.withoutLinks != 0 }
}

/// Where a path leads.
enum PathEnd<Tree: PathTree> {
    /// To a name in a directory, with a slash where the path had one behind it. The name is no link that the call would
    /// follow; "." is the directory itself. Whether there is such a name is for the call to find out.
    case place(Tree.Directory, name: [UInt8])
    case special(Tree.Special)
}

/// Follows a path as Linux does (path_lookupat in fs/namei.c), in a tree of which the host's kernel has only pieces.
struct PathWalk<Tree: PathTree> {
    /// MAXSYMLINKS (linux/namei.h).
    static var linkCountMax: Int { 40 }

    private let tree: Tree
    private let options: PathWalkOptions
    /// What RESOLVE_BENEATH and RESOLVE_IN_ROOT confine the walk to.
    private let start: Tree.Directory
    private var current: Tree.Directory
    /// What is left of the path, its next name last.
    private var pending: [ArraySlice<UInt8>] = []
    private var hasTrailingSlash = false
    private var linkCount = 0

    private typealias Found = Result<PathEnd<Tree>, CallError>

    private init(_ tree: Tree, from start: Tree.Directory, _ options: PathWalkOptions) {
        self.tree = tree
        self.options = options
        self.start = start
        current = start
    }

    static func follow(
        _ path: [UInt8], from start: Tree.Directory, in tree: Tree, _ options: PathWalkOptions
    ) -> Result<PathEnd<Tree>, CallError> {
        if path.isEmpty { return .failure(CallError(errno: ENOENT)) }
        var walk = PathWalk(tree, from: start, options)
        if path.first == slash {
            if options.isConfined, !options.isInRoot { return .failure(CallError(errno: EXDEV)) }
            walk.current = options.isInRoot ? start : tree.root
        }
        walk.push(path)
        walk.hasTrailingSlash = path.last == slash
        while let name = walk.pending.popLast() {
            if let end = walk.step(name) { return end }
        }
        return .success(.place(walk.current, name: dot))
    }

    // MARK: - One name

    /// Nil to go on.
    private mutating func step(_ name: ArraySlice<UInt8>) -> Found? {
        let isLast = pending.isEmpty
        if name.elementsEqual(PathWalk.dot) {
            return isLast ? .success(.place(current, name: PathWalk.dot)) : nil
        }
        if name.elementsEqual(PathWalk.twoDots) { return up(isLast: isLast) }
        if !options.isConfined, let detour = tree.detour(at: current, { rest(from: name) }) { return take(detour) }
        return isLast ? finish(name) : enter(name)
    }

    private mutating func enter(_ name: ArraySlice<UInt8>) -> Found? {
        switch tree.enter(name, of: current) {
        case .directory(let next):
            current = next
            return nil
        case .mount(let next):
            if options.staysInFileSystem { return .failure(CallError(errno: EXDEV)) }
            current = next
            return nil
        case .link(let target): return follow(target, isLast: false)
        case .other: return .failure(CallError(errno: ENOTDIR))
        case .failure(let error): return .failure(error)
        }
    }

    private mutating func finish(_ name: ArraySlice<UInt8>) -> Found? {
        let plain = Found.success(.place(current, name: name + (hasTrailingSlash ? [PathWalk.slash] : [])))
        switch tree.look(at: name, in: current) {
        case .mount(let directory):
            if options.staysInFileSystem { return .failure(CallError(errno: EXDEV)) }
            return .success(.place(directory, name: PathWalk.dot))
        case .link(let target):
            let isFollowed = options.followsLast || hasTrailingSlash
            return isFollowed && !options.isName ? follow(target, isLast: true) : plain
        case .failure(let error): return .failure(error)
        case .directory, .other: return plain
        }
    }

    private mutating func up(isLast: Bool) -> Found? {
        if isLast, options.isName { return .success(.place(current, name: PathWalk.twoDots)) }
        if options.isConfined, tree.isSame(current, start) {
            return options.isInRoot ? nil : .failure(CallError(errno: EXDEV))
        }
        if tree.isMountRoot(current) {
            if options.staysInFileSystem { return .failure(CallError(errno: EXDEV)) }
        } else if isLast {
            return .success(.place(current, name: PathWalk.twoDots))
        }
        switch tree.parent(of: current) {
        case .failure(let error): return .failure(error)
        case .success(let parent):
            current = parent
            return nil
        }
    }

    // MARK: - Links

    private mutating func follow(_ target: [UInt8], isLast: Bool) -> Found? {
        linkCount += 1
        if linkCount > PathWalk.linkCountMax || options.refusesLinks { return .failure(CallError(errno: ELOOP)) }
        if target.isEmpty { return .failure(CallError(errno: ENOENT)) }
        if target.first == PathWalk.slash {
            if options.isConfined, !options.isInRoot { return .failure(CallError(errno: EXDEV)) }
            let root = options.isInRoot ? start : tree.root
            if options.staysInFileSystem, !tree.isSameFileSystem(current, root) {
                return .failure(CallError(errno: EXDEV))
            }
            current = root
        }
        push(target)
        if isLast, target.last == PathWalk.slash { hasTrailingSlash = true }
        return nil
    }

    /// Counts as a link, so that links that lead back here come to an end.
    private mutating func take(_ detour: PathDetour<Tree.Directory, Tree.Special>) -> Found? {
        switch detour {
        case .end(let special): return .success(.special(special))
        case .failure(let error): return .failure(error)
        case .goOn(let directory, let path):
            linkCount += 1
            if linkCount > PathWalk.linkCountMax { return .failure(CallError(errno: ELOOP)) }
            current = path.first == PathWalk.slash ? tree.root : directory
            pending = []
            push(path)
            hasTrailingSlash = path.last == PathWalk.slash
            return nil
        }
    }

    // MARK: - What is left

    private mutating func push(_ path: [UInt8]) {
        pending += path.split(separator: PathWalk.slash).reversed()
    }

    /// The name and all behind it, as a path.
    private func rest(from name: ArraySlice<UInt8>) -> [UInt8] {
        var rest = Array(name)
        for component in pending.reversed() {
            rest.append(PathWalk.slash)
            rest += component
        }
        if hasTrailingSlash { rest.append(PathWalk.slash) }
        return rest
    }

    private static var slash: UInt8 { UInt8(ascii: "/") }
    private static var dot: [UInt8] { [UInt8(ascii: ".")] }
    private static var twoDots: [UInt8] { [UInt8(ascii: "."), UInt8(ascii: ".")] }
}
