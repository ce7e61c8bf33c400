/// Times of the tests, in nanoseconds.
let millisecond: UInt64 = 1_000_000

/// The failure timeout of the tests that have one, and the lease that follows from it.
let timeout = 500 * millisecond
let leaseDuration = 450 * millisecond
