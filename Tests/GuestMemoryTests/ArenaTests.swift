import Testing

/// What reserves the arena, one test after the other: a process has one.
@Suite("arena", .serialized)
struct ArenaTests {}
