import Foundation
import Synchronization
import TestSupport

/// Clients that ask a server again and again and judge its answers, each as soon as it has the last one. They come back
/// when it has gone away.
final class ServerLoad: Sendable {
    /// What a server has to answer.
    enum Rule: Sendable {
        /// The next number: each greater than all that anybody had been told when the question was asked, none twice.
        case nextNumber
        /// Always this.
        case always(String)
    }

    private struct State {
        var counts: [Int]
        var numbers: Set<Int> = []
        var highest = 0
        var breakCount = 0
        var isStopping = false
        var failure: (any Error)?
    }

    private let clients: [any ServerClient]
    private let rule: Rule
    private let state: Mutex<State>

    /// For how long a server may be away, or the clients be without progress: java starts in 20 s on a busy machine.
    private static let patienceSeconds = 60.0

    init(_ clients: [any ServerClient], rule: Rule) {
        self.clients = clients
        self.rule = rule
        state = Mutex(State(counts: clients.map { _ in 0 }))
    }

    /// All numbers that were answered.
    var numbers: [Int] { state.withLock { $0.numbers.sorted() } }

    var answerCount: Int { state.withLock { $0.counts.reduce(0, +) } }

    var breakCount: Int { state.withLock { $0.breakCount } }

    /// Runs the clients beside `body`, stops them, and throws the first error of any.
    func run(beside body: () async throws -> Void) async throws {
        async let clients: Void = withTaskGroup { group in
            for index in self.clients.indices { group.addTask { await self.runClient(index) } }
        }
        let result: Result<Void, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        state.withLock { $0.isStopping = true }
        await clients
        if let failure = state.withLock({ $0.failure }) { throw failure }
        try result.get()
    }

    /// Waits until each client has so many more answers than now; throws once one has failed.
    func waitForProgress(of count: Int) async throws {
        let before = state.withLock { $0.counts }
        let deadline = Date(timeIntervalSinceNow: Self.patienceSeconds)
        while zip(state.withLock({ $0.counts }), before).contains(where: { $0 < $1 + count }) {
            if let failure = state.withLock({ $0.failure }) { throw failure }
            if Date() > deadline { throw TestFailure("no progress of the clients in \(Self.patienceSeconds) s") }
            try await Task.sleep(nanoseconds: 2_000_000)
        }
    }

    /// Asks once by a client of its own, and judges the answer by the same rule.
    func ask(_ client: any ServerClient) async throws {
        let known = state.withLock { $0.highest }
        try judge(try await client.ask(), known)
    }

    private func runClient(_ index: Int) async {
        var brokenSince: Date?
        while !state.withLock({ $0.isStopping || $0.failure != nil }) {
            do {
                try await ask(clients[index])
                state.withLock { $0.counts[index] += 1 }
                brokenSince = nil
            } catch let broken as ConnectionBroken {
                let since = brokenSince ?? Date()
                if Date().timeIntervalSince(since) > Self.patienceSeconds {
                    state.withLock { $0.failure = TestFailure("client \(index): \(broken), and so for a long time") }
                }
                if brokenSince == nil { state.withLock { $0.breakCount += 1 } }
                brokenSince = since
                try? await Task.sleep(nanoseconds: 2_000_000)
            } catch {
                state.withLock { $0.failure = $0.failure ?? TestFailure("client \(index): \(error)") }
            }
        }
    }

    private func judge(_ answer: String, _ known: Int) throws {
        switch rule {
        case .always(let text):
            guard answer == text else { throw TestFailure("\(answer.count) bytes that are not the file's: \(answer)") }
        case .nextNumber:
            guard let number = Int(answer.filter { $0 != "\n" }) else { throw TestFailure("\(answer) is no number") }
            try state.withLock { state in
                guard number > known else { throw TestFailure("it answers \(number) after \(known)") }
                guard state.numbers.insert(number).inserted else { throw TestFailure("\(number) was there twice") }
                state.highest = max(state.highest, number)
            }
        }
    }
}
