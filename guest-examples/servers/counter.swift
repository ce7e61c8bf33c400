// Serves HTTP on 127.0.0.1:PORT: each answer is the next number, which an actor has. A task for each connection.
import Dispatch
import Glibc

actor Counter {
    private var number = 0

    func next() -> Int {
        number += 1
        return number
    }
}

/// Reads a request's head; false if the client has gone.
func readRequest(_ connection: Int32) -> Bool {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while !bytes.suffix(4).elementsEqual("\r\n\r\n".utf8) {
        let count = recv(connection, &chunk, chunk.count, 0)
        if count <= 0 { return false }
        bytes += chunk[..<count]
    }
    return true
}

func listen(on port: UInt16) -> Int32 {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var yes: Int32 = 1
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let status = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    guard status == 0, Glibc.listen(listener, 50) == 0 else {
        perror("listen")
        exit(1)
    }
    return listener
}

let counter = Counter()
let listener = listen(on: UInt16(CommandLine.arguments[1])!)
// Reading blocks, which tasks must not: a queue of Dispatch's reads, and the task answers.
let readers = DispatchQueue(label: "readers", attributes: .concurrent)
while true {
    let connection = accept(listener, nil, nil)
    if connection < 0 { continue }
    readers.async {
        guard readRequest(connection) else {
            close(connection)
            return
        }
        Task {
            try? await Task.sleep(nanoseconds: 1_000_000)
            let body = "\(await counter.next())\n"
            let text = "HTTP/1.0 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            _ = text.withCString { send(connection, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
            close(connection)
        }
    }
}
