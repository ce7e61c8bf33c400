/// C source that keeps a compiler busy: functions that walk lists, switch, index tables, call each other and compute,
/// each with other numbers. The same for the same seed.
enum GeneratedSource {
    static func text(functionCount: Int, seed: UInt64) -> String {
        var numbers = SeededNumbers(seed: seed)
        var text = """
            struct node { struct node *next; int kind; int index; double weight; char name[24]; };
            struct table { long rows[256]; double factors[64]; struct node *lists[16]; };
            extern int report(const char *, long);

            """
        for index in 0..<functionCount { text += function(index, &numbers) }
        return text
    }

    private static func function(_ index: Int, _ numbers: inout SeededNumbers) -> String {
        let callee = index == 0 ? "report(\"none\", total)" : "walk_\(numbers.below(index))(table, total & 1023)"
        return """
            long walk_\(index)(struct table *table, long limit) {
                long total = \(numbers.below(1000)), seen[\(8 << numbers.below(3))] = {0};
                const long count = sizeof seen / sizeof *seen;
            \(list(&numbers))
            \(rows(&numbers))
            \(factors(&numbers))
                if (total % \(3 + numbers.below(50)) == \(numbers.below(3))) total += \(callee);
                for (long i = 0; i < count; i++)
                    if (seen[i] > \(numbers.below(100))) total += report(table->lists[i & 15]->name, seen[i]);
                return total;
            }

            """
    }

    private static func list(_ numbers: inout SeededNumbers) -> String {
        var text = """
                struct node *node = table->lists[\(numbers.below(16))];
                for (; node && limit > 0; node = node->next, limit--) {
                    switch (node->kind) {

            """
        for kind in 0..<4 + numbers.below(6) {
            let statement = [
                "total += table->rows[(node->index * \(1 + numbers.below(31))) & 255];",
                "total ^= (total << \(1 + numbers.below(13))) + node->index;",
                "seen[node->index % count] += \(1 + numbers.below(9));",
                "node->weight = node->weight * \(1 + numbers.below(9)).\(numbers.below(100)) + total;",
                "if (node->name[\(numbers.below(24))] == '\(numbers.below(10))') total -= \(numbers.below(500));",
            ][numbers.below(5)]
            text += "        case \(kind * 2): \(statement) break;\n"
        }
        return text + "        default: total += node->kind;\n        }\n    }"
    }

    private static func rows(_ numbers: inout SeededNumbers) -> String {
        """
            for (long row = \(numbers.below(8)); row < 256 - \(1 + numbers.below(8)); row += \(1 + numbers.below(3))) {
                long value = table->rows[row] * \(1 + numbers.below(99)) + table->rows[row + 1];
                if (value > limit * \(1 + numbers.below(9))) value /= \(2 + numbers.below(9));
                else value = (value ^ total) & \(1023 + numbers.below(4096));
                table->rows[row] = value;
                seen[value & (count - 1)]++;
                total += value;
            }
        """
    }

    private static func factors(_ numbers: inout SeededNumbers) -> String {
        """
            double product = \(1 + numbers.below(5)).\(numbers.below(1000));
            for (int i = 0; i < 64; i++) {
                product = product * table->factors[i] + \(numbers.below(7)).\(numbers.below(100));
                if (product > 1e9) product /= table->factors[(i * \(1 + numbers.below(13))) & 63] + 1;
                table->factors[i] = product - table->factors[63 - i] * 0.\(1 + numbers.below(98));
            }
            total += (long)product;
        """
    }
}
