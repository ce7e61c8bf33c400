/// What a walk finds under a name.
enum PathStep<Directory> {
    case directory(Directory)
    /// A directory that hides what lies there: another file system for RESOLVE_NO_XDEV.
    case mount(Directory)
    /// A symbolic link, with its target.
    case link([UInt8])
    /// Anything else, or nothing: the call itself finds out.
    case other
    case failure(CallError)
}

/// Where a walk is led by something that is not of the tree: /proc/self, whose links are the guest's.
enum PathDetour<Directory, Special> {
    /// The rest of the path is dealt with.
    case end(Special)
    case failure(CallError)
    /// The walk goes on from there with this path in the place of the rest.
    case goOn(Directory, [UInt8])
}

/// The directories that a path is followed through, one name at a time.
protocol PathTree {
    associatedtype Directory
    associatedtype Special

    var root: Directory { get }
    /// A name that has others behind it; it is not "." or "..".
    func enter(_ name: ArraySlice<UInt8>, of directory: Directory) -> PathStep<Directory>
    /// A path's last name: whether it is a link, or something that a mount hides.
    func look(at name: ArraySlice<UInt8>, in directory: Directory) -> PathStep<Directory>
    /// Whether ".." leads elsewhere than where the directory itself lies.
    func isMountRoot(_ directory: Directory) -> Bool
    func parent(of directory: Directory) -> Result<Directory, CallError>
    func isSame(_ one: Directory, _ other: Directory) -> Bool
    func isSameFileSystem(_ one: Directory, _ other: Directory) -> Bool
    /// Nil where the tree itself has what lies below the directory, as nearly everywhere.
    func detour(at directory: Directory, _ rest: () -> [UInt8]) -> PathDetour<Directory, Special>?
}
