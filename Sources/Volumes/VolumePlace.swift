/// One of the guest's volumes: a directory whose files are the same on both sides.
///
/// The order of the places is what `VolumePath.volume` counts in. No place lies in another one.
public struct VolumePlace: Equatable, Sendable {
    /// Where the guest knows it: absolute, without symbolic links, ".", ".." or a trailing slash.
    public var guestPath: String
    /// Where it is on this machine. The same, but below `--volume-root` after a takeover.
    public var hostPath: String

    public init(guestPath: String, hostPath: String) {
        self.guestPath = guestPath
        self.hostPath = hostPath
    }
}
