import TestSupport

/// A client that remembers what it wrote, and checks what it reads.
struct CheckedLoad {
    private let client: RespClient
    private let prefix: String
    private var random: SeededGenerator
    private var strings: [String: [UInt8]] = [:]
    private var lists: [String: [[UInt8]]] = [:]

    init(port: UInt16, number: Int, seed: UInt64) throws {
        client = try RespClient(port: port)
        prefix = "client\(number)"
        random = SeededGenerator(seed: seed &+ UInt64(number) &* 1000)
    }

    /// How often each client adds 1 to the counter that all share, in a round.
    static let incrementsPerRound = 5

    mutating func run(rounds: Int) throws {
        for _ in 0..<rounds { try round() }
        try checkAll()
    }

    /// Everything written so far, read again on a connection of its own.
    func checkAll() throws {
        let names = strings.keys.sorted()
        let client = self.client
        for (name, reply) in zip(names, try client.pipeline(names.map { [Self.bytes("GET"), Self.bytes($0)] })) {
            try require(reply == strings[name].map(RespValue.bulk), "GET \(name)", reply)
        }
        for (name, values) in lists {
            let reply = try client.call("LRANGE", name, "0", "-1")
            try require(reply == .array(values.map(RespValue.bulk)), "LRANGE \(name)", reply)
        }
    }

    private mutating func round() throws {
        var commands: [[[UInt8]]] = []
        var expected: [RespValue] = []
        for _ in 0..<(1 + random.below(16)) {
            let (command, reply) = random.oneIn(3) ? listCommand() : stringCommand()
            commands.append(command)
            expected.append(reply)
        }
        for _ in 0..<Self.incrementsPerRound { commands.append([Self.bytes("INCR"), Self.bytes("shared")]) }
        let replies = try client.pipeline(commands)
        for (index, reply) in expected.enumerated() {
            let command = commands[index].prefix(2).map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
            try require(replies[index] == reply, command, replies[index], reply)
        }
        let counts = replies[expected.count...].map { if case .integer(let number) = $0 { number } else { -1 } }
        let isRising = zip(counts, counts.dropFirst()).allSatisfy { $0 < $1 } && (counts.first ?? 0) > 0
        try require(isRising, "INCR shared", .array(Array(replies[expected.count...])))
    }

    private mutating func stringCommand() -> ([[UInt8]], RespValue) {
        let name = "\(prefix):string\(random.below(40))"
        switch random.below(4) {
        case 0, 1:
            let value = newValue()
            strings[name] = value
            return ([Self.bytes("SET"), Self.bytes(name), value], .ok)
        case 2:
            let value = newValue()
            strings[name, default: []] += value
            let count = strings[name]?.count ?? 0
            return ([Self.bytes("APPEND"), Self.bytes(name), value], .integer(count))
        default:
            return ([Self.bytes("GET"), Self.bytes(name)], strings[name].map(RespValue.bulk) ?? .null)
        }
    }

    private mutating func listCommand() -> ([[UInt8]], RespValue) {
        let name = "\(prefix):list\(random.below(8))"
        if random.oneIn(3) {
            let values = lists[name] ?? []
            lists[name] = values.isEmpty ? nil : Array(values.dropLast())
            if lists[name]?.isEmpty == true { lists[name] = nil }
            return ([Self.bytes("RPOP"), Self.bytes(name)], values.last.map(RespValue.bulk) ?? .null)
        }
        let value = newValue()
        lists[name, default: []].insert(value, at: 0)
        return ([Self.bytes("LPUSH"), Self.bytes(name), value], .integer(lists[name]?.count ?? 0))
    }

    /// Short as a rule, now and then longer than a socket's buffer.
    private mutating func newValue() -> [UInt8] {
        let count = random.oneIn(60) ? 200_000 + random.below(300_000) : random.below(300)
        let first = UInt64(random.next())
        return (0..<count).map { UInt8(truncatingIfNeeded: (first &+ UInt64($0)) &* 0x9e37_79b9_7f4a_7c15 >> 56) }
    }

    private func require(_ isRight: Bool, _ what: String, _ reply: RespValue, _ expected: RespValue? = nil) throws {
        if isRight { return }
        let wanted = expected.map { ", not \($0)" } ?? ""
        throw TestFailure("\(what) gave \(reply)\(wanted)")
    }

    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
}
