/// What came out of all turns of the footprint, as tables, a plot, and beside the goal.
struct FootprintMeasurements {
    enum State: String, CaseIterable {
        case idle
        case loaded = "under load"
    }

    private struct Key: Hashable {
        var way: FootprintWay
        var megabytes: Int
        var state: State
        var quantity: FootprintQuantity
    }

    private var samples: [Key: Samples] = [:]

    /// Supervisor memory beyond the guest's own, but for the delta cache and the queue.
    private static let goalBytes = 25e6
    private static let goalShareOfResident = 0.02

    mutating func add(
        _ figures: [FootprintQuantity: Double], _ way: FootprintWay, _ megabytes: Int, _ state: State
    ) {
        for (quantity, value) in figures {
            let key = Key(way: way, megabytes: megabytes, state: state, quantity: quantity)
            samples[key, default: Samples()].add(value)
        }
    }

    private func of(_ way: FootprintWay, _ megabytes: Int, _ state: State, _ quantity: FootprintQuantity) -> Samples {
        samples[Key(way: way, megabytes: megabytes, state: state, quantity: quantity)] ?? Samples()
    }

    private func median(
        _ way: FootprintWay, _ megabytes: Int, _ state: State, _ quantity: FootprintQuantity
    ) -> Double {
        of(way, megabytes, state, quantity).median
    }

    // MARK: - Memory

    private func native(_ megabytes: Int, _ state: State) -> Double { median(.native, megabytes, state, .memory) }

    private func beyondNative(_ megabytes: Int, _ state: State) -> Double {
        median(.replicated, megabytes, state, .memory) - native(megabytes, state)
    }

    private func deltaCache(_ megabytes: Int, _ state: State) -> Double {
        median(.replicated, megabytes, state, .memory) - median(.withoutDeltaCache, megabytes, state, .memory)
    }

    func tables(_ sizes: [Int], rounds: Int) -> [ResultTable] {
        let suffix = rounds == 1 ? "" : ", median of \(rounds) rounds"
        var memory = ResultTable(
            "memory\(suffix)", rows: "redis holds",
            columns: ["native", "primary", "beyond native", "of it delta cache", "of it queue", "mirror"].map {
                .init($0, unit: "MB")
            })
        var use = ResultTable(
            "processor time and link\(suffix)", rows: "redis holds",
            columns: [
                .init("native", unit: "CPU s/s"), .init("primary", unit: "CPU s/s"), .init("mirror", unit: "CPU s/s"),
                .init("link", unit: "MB/s"), .init("native", unit: "requests/s"),
                .init("replicated", unit: "requests/s"),
            ])
        for megabytes in sizes {
            for state in State.allCases {
                let name = "\(RedisContents(megabytes: megabytes).name), \(state.rawValue)"
                memory.add(name, memoryCells(megabytes, state))
                use.add(name, useCells(megabytes, state))
            }
        }
        return [memory, use]
    }

    private func memoryCells(_ megabytes: Int, _ state: State) -> [ResultTable.Cell] {
        let inMegabytes = { (samples: Samples) in ResultTable.Cell.measured(samples.map { $0 / 1e6 }) }
        return [
            inMegabytes(of(.native, megabytes, state, .memory)),
            inMegabytes(of(.replicated, megabytes, state, .memory)),
            .number(beyondNative(megabytes, state) / 1e6),
            .number(deltaCache(megabytes, state) / 1e6),
            inMegabytes(of(.replicated, megabytes, state, .queue)),
            inMegabytes(of(.replicated, megabytes, state, .mirrorMemory)),
        ]
    }

    private func useCells(_ megabytes: Int, _ state: State) -> [ResultTable.Cell] {
        let requests = { (way: FootprintWay) in
            state == .idle ? ResultTable.Cell.number(0) : .measured(of(way, megabytes, state, .requests))
        }
        return [
            .measured(of(.native, megabytes, state, .processor)),
            .measured(of(.replicated, megabytes, state, .processor)),
            .measured(of(.replicated, megabytes, state, .mirrorProcessor)),
            .measured(of(.replicated, megabytes, state, .link).map { $0 / 1e6 }),
            requests(.native), requests(.replicated),
        ]
    }

    func plot(_ sizes: [Int]) -> Plot {
        let lines: [(String, FootprintWay, FootprintQuantity)] = [
            ("native", .native, .memory), ("primary", .replicated, .memory),
            ("primary without a delta cache", .withoutDeltaCache, .memory), ("mirror", .replicated, .mirrorMemory),
        ]
        return Plot(
            "memory under load by what redis holds", horizontal: .init("redis holds"), vertical: .init("MB"),
            series: lines.map { name, way, quantity in
                Plot.Series(
                    name,
                    sizes.enumerated().map {
                        Plot.Point(Double($0.offset), median(way, $0.element, .loaded, quantity) / 1e6)
                    })
            },
            categories: sizes.map { RedisContents(megabytes: $0).name })
    }

    // MARK: - The goal

    func reach(_ megabytes: Int) -> Reach {
        let resident = native(megabytes, .loaded)
        let most = FootprintMeasurements.goalBytes + FootprintMeasurements.goalShareOfResident * resident
        let found =
            beyondNative(megabytes, .loaded) - deltaCache(megabytes, .loaded)
            - median(.replicated, megabytes, .loaded, .queue)
        return Reach(
            "supervisor memory, redis holds \(RedisContents(megabytes: megabytes).name), without delta cache and queue",
            goal: "25 MB + 2 % of resident: \(Figure.text(most / 1e6)) MB", found: "\(Figure.text(found / 1e6)) MB",
            isReached: found <= most)
    }
}
