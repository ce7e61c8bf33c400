import Glibc

/// What a redis-server holds while it is measured, and how one sees that all of it is there.
struct RedisContents {
    let megabytes: Int

    /// What it is to be started with.
    static let options = ["--enable-debug-command", "yes"]

    private static let keysPerMegabyte = 1000
    /// With the key and what redis needs for each, some 1000 bytes.
    private static let valueByteCount = 950
    /// Of keys that are made at once: redis answers nobody meanwhile.
    private static let chunk = 50_000
    private static let probe = "probe"
    private static let settlingWrites = 10
    private static let settlingMicroseconds: UInt32 = 50_000
    private static let checkedKeys = 100

    var name: String { megabytes < 1000 ? "\(megabytes) MB" : "\(megabytes / 1000) GB" }
    private var keys: Int { megabytes * RedisContents.keysPerMegabyte }

    /// Fills it, and waits until all of that has come to a mirror, too, and both have settled. Returns the bytes that
    /// redis says it uses. (What it calls resident is that of the whole process, supervisor included.)
    func fill(_ server: RedisServer) throws(MeasurementError) -> Double {
        for start in stride(from: 0, to: keys, by: RedisContents.chunk) {
            let count = min(RedisContents.chunk, keys - start)
            let words = ["DEBUG", "POPULATE", "\(count)", "fill:\(start)", "\(RedisContents.valueByteCount)"]
            guard try server.ask(words) == .text("OK") else { throw server.failure("cannot be filled") }
        }
        // What is answered is in a mirror, and the epoch before it is in its memory, too.
        for _ in 0..<RedisContents.settlingWrites {
            guard try server.ask(["SET", RedisContents.probe, probeValue]) == .text("OK") else {
                throw server.failure("cannot be written to")
            }
            usleep(RedisContents.settlingMicroseconds)
        }
        let memory = try server.information("memory").split { $0.isNewline }
        let field = "used_memory:"
        guard let bytes = memory.first(where: { $0.hasPrefix(field) }).flatMap({ Double($0.dropFirst(field.count)) })
        else { throw server.failure("does not say what it uses") }
        return bytes
    }

    private var probeValue: String { "of \(megabytes)" }

    // MARK: - After a takeover

    func checkProbe(_ connection: RespConnection) throws(RespConnection.Failure) {
        guard try connection.ask(["GET", RedisContents.probe]) == .bytes(Array(probeValue.utf8)) else {
            throw .wrong("the last key that was set has another value")
        }
    }

    /// All keys are there, and some of them have what they were given.
    func check(_ connection: RespConnection) throws(RespConnection.Failure) {
        let found = try connection.ask(["DBSIZE"])
        guard found == .number(keys + 1) else { throw .wrong("\(keys + 1) keys were set, now it has \(found)") }
        for place in 0..<RedisContents.checkedKeys {
            let key = keys / RedisContents.checkedKeys * place
            let number = key % RedisContents.chunk
            let name = "fill:\(key - number):\(number)"
            let expected = Array("value:\(number)".utf8)
            guard case .bytes(let value) = try connection.ask(["GET", name]),
                value.count == RedisContents.valueByteCount, value.starts(with: expected)
            else { throw .wrong("\(name) has another value") }
        }
    }
}
