/// A number of what `run --report` has written.
enum ReportFigure {
    /// The first of that name.
    static func first(_ name: String, of path: String) throws(MeasurementError) -> Double {
        let mark = "\"\(name)\" : "
        for line in try HostFile.text(of: path).split(separator: "\n") {
            let text = line.drop { $0 == " " }
            guard text.hasPrefix(mark) else { continue }
            if let number = Double(text.dropFirst(mark.count).prefix { $0 != "," }) { return number }
        }
        throw MeasurementError("\(path) has no number \(name)")
    }
}
