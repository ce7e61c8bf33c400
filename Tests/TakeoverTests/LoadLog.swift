/// What one client of a redis server has sent, and what was acknowledged.
struct LoadLog: Sendable {
    let client: Int
    /// Numbers of the keys whose SET was answered with OK.
    var acknowledged: [Int] = []
    /// How many INCR of the client's counter were sent, and the highest answer to one.
    var sentIncrements = 0
    var acknowledgedIncrements = 0
    /// How often the connection broke.
    var breakCount = 0

    var counter: String { "counter:\(client)" }

    func key(_ number: Int) -> String { "client:\(client):\(number)" }

    /// The value that goes with a key: short as a rule, now and then longer than a socket's buffer likes.
    func value(_ number: Int) -> [UInt8] {
        let length = number % 97 == 96 ? 50_000 : 20 + number * 7 % 200
        let first = UInt64(client * 1_000_000 + number)
        return (0..<length).map { UInt8(truncatingIfNeeded: (first &+ UInt64($0)) &* 0x9e37_79b9_7f4a_7c15 >> 56) }
    }
}
