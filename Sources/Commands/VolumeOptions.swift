import ArgumentParser
import Glibc
import Supervisor
import Volumes

/// What `run` takes about the guest's files.
struct VolumeOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A directory whose files are replicated (repeatable). The guest may then write to no other files.",
            valueName: "directory"),
        transform: VolumeOptions.directory(parsing:))
    var volume: [String] = []

    @Option(
        help: ArgumentHelp(
            "Let the guest write to this file or below this directory, which is in no volume (repeatable).",
            valueName: "path"),
        transform: VolumeOptions.existing(parsing:))
    var allowUnreplicatedWrites: [String] = []

    @Flag(help: "What the guest syncs is on the mirror's disk as well before anything that tells of it goes out.")
    var durable = false

    @Option(
        help: ArgumentHelp(
            "Where a --mirror local keeps its copy of the volumes: below this directory.", valueName: "directory"))
    var volumeRoot: String?

    private static let countMax = 256

    func validate() throws {
        if volume.count > VolumeOptions.countMax {
            throw ValidationError("--volume: \(VolumeOptions.countMax) volumes at most")
        }
        for (index, one) in volume.enumerated() {
            for (other, path) in volume.enumerated() where index != other && (path + "/").hasPrefix(one + "/") {
                throw ValidationError("--volume \(path): it lies in --volume \(one); name the outer one only")
            }
        }
    }

    /// What the other options say has to fit.
    func validate(beside replication: ReplicationOptions) throws {
        let isGiven = !volume.isEmpty || !allowUnreplicatedWrites.isEmpty || durable || volumeRoot != nil
        if isGiven, replication.mirror == nil, !replication.blackhole {
            throw ValidationError("--volume, --allow-unreplicated-writes and the like are about a mirror: add --mirror")
        }
        if volume.isEmpty, durable || volumeRoot != nil {
            throw ValidationError("--durable and --volume-root are about volumes: add --volume")
        }
        if volumeRoot != nil, replication.mirror != .local {
            throw ValidationError("--volume-root is for --mirror local here; another mirror has its own")
        }
        if !volume.isEmpty, volumeRoot == nil, replication.mirror == .local {
            throw ValidationError("--volume with --mirror local: say by --volume-root where the mirror keeps its copy")
        }
    }

    var places: [VolumePlace] { volume.map { VolumePlace(guestPath: $0, hostPath: $0) } }

    private static func directory(parsing text: String) throws -> String {
        let path = try existing(parsing: text)
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw ValidationError("\(text) is no directory")
        }
        if path == "/" { throw ValidationError("/ cannot be a volume: name the directories that the guest writes to") }
        return path
    }

    /// The path without links, as the guest's own paths are compared with it.
    private static func existing(parsing text: String) throws -> String {
        guard let resolved = realpath(text, nil) else {
            throw ValidationError("\(text): \(String(cString: strerror(errno)))")
        }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
