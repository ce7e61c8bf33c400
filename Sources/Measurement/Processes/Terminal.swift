import Glibc

/// What a descriptor leads to, where that is a terminal.
public enum Terminal {
    /// nil where it is none; 80 where it does not say.
    public static func columns(of descriptor: Int32) -> Int? {
        guard isatty(descriptor) == 1 else { return nil }
        var size = winsize()
        return ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }
}
