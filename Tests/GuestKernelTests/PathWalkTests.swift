import Glibc
import Testing

@testable import GuestKernel

/// Directories in memory, with two mounts and a place that is not of the tree.
private struct MemoryTree: PathTree {
    enum Node {
        case directory([String: Int])
        case link(String)
        case file
    }

    /// 0 is the root. 10 is mounted over 2 (/data/volume), and is a file system of its own.
    static let nodes: [Int: Node] = [
        0: .directory(["data": 1, "etc": 3, "proc": 4, "loop": 5, "absolute": 6, "home": 20]),
        1: .directory(["volume": 2, "beside": 7]),
        2: .directory(["hidden": 8]),
        3: .directory(["passwd": 8, "up": 9]),
        4: .directory([:]),
        5: .link("loop"),
        6: .link("/data/volume/inner"),
        7: .link("volume/inner/"),
        8: .file,
        9: .link("../data/beside"),
        10: .directory(["inner": 11, "out": 12, "file": 8, "dangling": 13, "nothing": 14]),
        11: .directory(["deep": 15, "root": 16]),
        12: .link("/etc"),
        13: .link("not-there"),
        14: .link(""),
        15: .directory([:]),
        16: .link("/"),
        20: .directory(["chain0": 100]),
    ]
    static let parents = [1: 0, 2: 1, 3: 0, 4: 0, 10: 10, 11: 10, 15: 11, 20: 0]
    static let mountPoints = [2: 10]

    /// chain0 leads to chain1 and so on: `count` links, and then a directory.
    var chainCount = 0

    var root: Int { 0 }

    private func node(_ number: Int) -> Node? {
        guard number >= 100 else { return MemoryTree.nodes[number] }
        return number - 100 == chainCount - 1 ? .link("/data") : .link("/home/chain\(number - 99)")
    }

    private func find(_ name: ArraySlice<UInt8>, in directory: Int) -> Int? {
        guard case .directory(let names)? = node(directory) else { return nil }
        let text = String(decoding: name, as: UTF8.self)
        if directory == 20, let number = Int(text.dropFirst(5)), number < chainCount { return 100 + number }
        return names[text]
    }

    func enter(_ name: ArraySlice<UInt8>, of directory: Int) -> PathStep<Int> {
        guard let found = find(name, in: directory) else { return .failure(CallError(errno: ENOENT)) }
        if let mounted = MemoryTree.mountPoints[found] { return .mount(mounted) }
        switch node(found) {
        case .directory?: return .directory(found)
        case .link(let target)?: return .link(Array(target.utf8))
        default: return .other
        }
    }

    func look(at name: ArraySlice<UInt8>, in directory: Int) -> PathStep<Int> {
        guard let found = find(name, in: directory) else { return .other }
        if let mounted = MemoryTree.mountPoints[found] { return .mount(mounted) }
        if case .link(let target)? = node(found) { return .link(Array(target.utf8)) }
        return .other
    }

    func isMountRoot(_ directory: Int) -> Bool { directory == 10 }
    func parent(of directory: Int) -> Result<Int, CallError> {
        .success(directory == 10 ? 1 : MemoryTree.parents[directory] ?? 0)
    }
    func isSame(_ one: Int, _ other: Int) -> Bool { one == other }
    func isSameFileSystem(_ one: Int, _ other: Int) -> Bool { (10..<20 ~= one) == (10..<20 ~= other) }

    func detour(at directory: Int, _ rest: () -> [UInt8]) -> PathDetour<Int, String>? {
        guard directory == 4 else { return nil }
        let rest = String(decoding: rest(), as: UTF8.self)
        if rest.hasPrefix("self/cwd") { return .goOn(11, Array(rest.dropFirst("self/cwd/".utf8.count).utf8)) }
        if rest.hasPrefix("self/again") { return .goOn(0, Array("/proc/self/again".utf8)) }
        return rest.hasPrefix("self/") ? .end(rest) : .failure(CallError(errno: EACCES))
    }
}

/// Paths are followed as Linux follows them.
@Suite("following a path")
struct PathWalkTests {
    /// The directory's number and the name, or how it failed.
    private func follow(
        _ path: String, from start: Int = 0, _ options: PathWalkOptions = PathWalkOptions(), chainCount: Int = 0
    ) -> String {
        let tree = MemoryTree(chainCount: chainCount)
        switch PathWalk.follow(Array(path.utf8), from: start, in: tree, options) {
        case .success(.place(let directory, let name)): return "\(directory) \(String(decoding: name, as: UTF8.self))"
        case .success(.special(let special)): return "special \(special)"
        case .failure(let error): return "errno \(error.errno)"
        }
    }

    private func options(
        followsLast: Bool = true, isName: Bool = false, _ resolution: UInt64 = 0
    ) -> PathWalkOptions {
        PathWalkOptions(followsLast: followsLast, isName: isName, resolution: resolution)
    }

    @Test(
        "names, dots and links",
        arguments: [
            ("/", "0 ."), ("/data", "0 data"), ("/data/", "0 data/"), ("//data///x", "1 x"), (".", "11 ."),
            ("deep", "11 deep"), ("./deep/.", "15 ."), ("deep/..", "15 .."), ("deep/../deep", "11 deep"),
            ("/data/volume", "10 ."), ("/data/volume/", "10 ."), ("/data/volume/inner", "10 inner"),
            // Out of a volume is where it is mounted, not where its directory lies.
            ("..", "11 .."), ("../..", "1 ."), ("../../beside", "10 inner/"), ("/data/volume/..", "1 ."),
            ("/absolute", "10 inner"), ("/absolute/deep", "11 deep"), ("/data/beside/deep", "11 deep"),
            ("/etc/up/deep", "11 deep"), ("/data/volume/out/passwd", "3 passwd"),
            ("/data/volume/dangling", "10 not-there"), ("root/etc", "0 etc"), ("root", "0 ."),
            ("/../../data", "0 data"), ("/data/volume/hidden", "10 hidden"),
            ("", "errno \(ENOENT)"), ("/nothing/x", "errno \(ENOENT)"), ("/etc/passwd/x", "errno \(ENOTDIR)"),
            ("/loop", "errno \(ELOOP)"), ("/data/volume/nothing", "errno \(ENOENT)"),
            ("/proc/self/status", "special self/status"), ("/proc/1/status", "errno \(EACCES)"),
            ("/proc/self/cwd/deep", "11 deep"), ("/proc/self/cwd", "11 ."), ("/proc/self/cwd/../file", "10 file"),
            ("/proc/self/again", "errno \(ELOOP)"),
        ])
    func plain(_ path: String, _ expected: String) {
        #expect(follow(path, from: 11) == expected)
    }

    @Test("a link in the last place is followed where the call does so, or where a slash says so")
    func lastLink() {
        #expect(follow("/absolute", options(followsLast: false)) == "0 absolute")
        #expect(follow("/absolute/", options(followsLast: false)) == "10 inner/")
        #expect(follow("/absolute/", options(followsLast: false, isName: true)) == "0 absolute/")
        #expect(follow("/etc/..", options(followsLast: false, isName: true)) == "3 ..")
        #expect(follow("/data/volume/..", options(followsLast: false, isName: true)) == "10 ..")
    }

    @Test("forty links are followed, and no more")
    func links() {
        #expect(follow("/home/chain0/x", chainCount: 40) == "1 x")
        #expect(follow("/home/chain0/x", chainCount: 41) == "errno \(ELOOP)")
    }

    @Test("RESOLVE_NO_SYMLINKS refuses every link, RESOLVE_NO_XDEV what lies on another file system")
    func refusals() {
        #expect(follow("/absolute", options(4)) == "errno \(ELOOP)")
        #expect(follow("/absolute", options(followsLast: false, 4)) == "0 absolute")
        #expect(follow("/etc/up/deep", options(4)) == "errno \(ELOOP)")
        #expect(follow("/data/volume/file", options(1)) == "errno \(EXDEV)")
        #expect(follow("/data/volume", options(1)) == "errno \(EXDEV)")
        #expect(follow("out", from: 10, options(1)) == "errno \(EXDEV)")
        #expect(follow("..", from: 10, options(1)) == "errno \(EXDEV)")
        #expect(follow("inner/deep", from: 10, options(1)) == "11 deep")
    }

    @Test("RESOLVE_BENEATH and RESOLVE_IN_ROOT: nothing leads out of where the path starts")
    func confined() {
        for path in ["/etc", "..", "inner/../..", "out/passwd", "inner/root"] {
            #expect(follow(path, from: 10, options(8)) == "errno \(EXDEV)", "\(path)")
        }
        #expect(follow("inner/../file", from: 10, options(8)) == "10 file")
        #expect(follow("/inner", from: 10, options(16)) == "10 inner")
        #expect(follow("../../inner", from: 10, options(16)) == "10 inner")
        #expect(follow("inner/root/file", from: 10, options(16)) == "10 file")
        #expect(follow("proc/self/status", from: 0, options(8)) == "errno \(ENOENT)")
    }
}
