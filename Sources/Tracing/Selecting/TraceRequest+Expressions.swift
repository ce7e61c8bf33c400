import GuestKernel

extension TraceRequest {
    /// What stands before the = of an `-e`.
    private enum Qualifier: String, CaseIterable {
        case trace
        case abbrev
        case verbose
        case raw
        case signal
        case status
        case quiet
        case inject
        case fault
        case decodeDescriptors = "decode-fds"
        case decodeProcesses = "decode-pids"
        case read
        case write
        case kvm

        init?(name: String) {
            guard let found = Qualifier(rawValue: Qualifier.otherNames[name] ?? name) else { return nil }
            self = found
        }

        private static let otherNames = [
            "t": "trace", "a": "abbrev", "v": "verbose", "x": "raw", "s": "signal", "signals": "signal",
            "silent": "quiet", "silence": "quiet", "q": "quiet", "r": "read", "reads": "read", "w": "write",
            "writes": "write", "decode-fd": "decode-fds", "decode-pid": "decode-pids",
        ]
    }

    /// Takes in an `-e`, of which a later one counts more: `[qualifier=][!]value[,value]…`.
    public mutating func apply(expression text: String) throws(TraceOptionError) {
        guard let mark = text.firstIndex(of: "=") else {
            calls = try CallSelection(parsing: text)
            return
        }
        let name = String(text[..<mark])
        let value = String(text[text.index(after: mark)...])
        guard let qualifier = Qualifier(name: name) else {
            throw TraceOptionError.unknown("qualifier", name, among: Qualifier.allCases.map(\.rawValue))
        }
        switch qualifier {
        case .trace: calls = try CallSelection(parsing: value)
        case .abbrev: lines.abbreviated = try CallSelection(parsing: value)
        case .verbose: lines.dereferenced = try CallSelection(parsing: value)
        case .raw: lines.raw = try CallSelection(parsing: value)
        case .signal: signals = try SignalSelection(parsing: value)
        case .status: statuses = try StatusSelection(parsingSet: value)
        case .quiet: quiet = try QuietSelection(parsingSet: value)
        case .inject: try givenInjections.add(parsing: value, as: .inject)
        case .fault: try givenInjections.add(parsing: value, as: .fault)
        case .decodeDescriptors: lines.descriptorDetail = try TraceRequest.descriptorDetail(parsing: value)
        case .read, .write:
            throw TraceOptionError("not supported: -e \(text): dumps; use -e trace=\(qualifier) -s BYTES")
        case .decodeProcesses, .kvm: throw TraceOptionError("not supported: -e \(text)")
        }
    }

    private static func descriptorDetail(parsing text: String) throws(TraceOptionError) -> LineOptions.DescriptorDetail
    {
        switch text {
        case "none": return .none
        case "path": return .paths
        case "all": return .all
        default: throw TraceOptionError("not supported: -e decode-fds=\(text): use path, all or none")
        }
    }
}
