import Foundation

/// What a long run is told as it goes on: one line of JSON in the file that `UNDERSTUDY_SOAK_LOG` names for every round
/// that went well. Without that variable nothing.
public enum SoakLog {
    private static let path = ProcessInfo.processInfo.environment["UNDERSTUDY_SOAK_LOG"]

    /// Figures of the same name and kind are added up by the reader.
    public static func note(_ kind: String, _ figures: [String: Int]) {
        guard let path else { return }
        let fields = figures.sorted { $0.key < $1.key }.map { ", \"\($0.key)\": \($0.value)" }.joined()
        let line = "{\"kind\": \"\(kind)\"\(fields)}\n"
        guard let file = fopen(path, "ae") else { return }
        // One write of a whole line in append mode: lines of several tests do not mix.
        fputs(line, file)
        fclose(file)
    }
}
