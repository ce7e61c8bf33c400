import Glibc
import Synchronization

/// Runs something on a host thread of its own and waits for it: what it turns on is gone with the thread.
enum ProbeThread {
    private final class Work: Sendable {
        let body: @Sendable () -> Int
        let result = Mutex(-Int(EAGAIN))

        init(_ body: @escaping @Sendable () -> Int) {
            self.body = body
        }
    }

    /// What `body` returned; -EAGAIN when there is no thread to be had.
    static func run(_ body: @escaping @Sendable () -> Int) -> Int {
        let work = Work(body)
        var handle = pthread_t()
        let started = pthread_create(
            &handle, nil,
            { argument in
                let work = Unmanaged<Work>.fromOpaque(argument!).takeUnretainedValue()
                let result = work.body()
                work.result.withLock { $0 = result }
                return nil
            }, Unmanaged.passUnretained(work).toOpaque())
        if started != 0 { return -Int(started) }
        pthread_join(handle, nil)
        return work.result.withLock { $0 }
    }
}
