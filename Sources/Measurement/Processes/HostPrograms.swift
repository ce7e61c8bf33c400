import Glibc

/// Programs of this machine that are measured, or compared with.
public enum HostPrograms {
    /// Debian's own before anything else on the PATH: what a version manager puts there is a script that starts others.
    private static let directories = ["/usr/bin", "/usr/sbin", "/bin", "/usr/local/bin"]

    /// Where the program is; nil if it is not installed.
    public static func path(of name: String) -> String? {
        let searched =
            directories + (getenv("PATH").map { String(cString: $0) } ?? "").split(separator: ":").map(String.init)
        return searched.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }
}
