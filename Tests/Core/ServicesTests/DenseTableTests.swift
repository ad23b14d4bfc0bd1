import Deadlines
import Testing

@testable import Services

struct DenseTableTests {
    @Test func `it has what a dictionary has, whatever is put in and taken out`() {
        var generator = SeededGenerator(seed: 1)
        var table = DenseTable<Int, String>()
        var expected: [Int: String] = [:]
        for step in 0..<2000 {
            let key = Int(generator.next() % 20)
            let value = generator.next() % 3 == 0 ? nil : "\(step)"
            table[key] = value
            expected[key] = value
            #expect(table[key] == value && table.count == expected.count)
            #expect(Dictionary(uniqueKeysWithValues: table.map { ($0.key, $0.value) }) == expected)
            #expect(table.keys.sorted() == expected.keys.sorted())
        }
    }

    @Test func `a value is changed in its place`() {
        var table = DenseTable<String, [Int]>()
        table["a"] = [1]
        table["a"]?.append(2)
        table["b"]?.append(3)
        table.update("a") { $0.append(4) }
        table.update("b") { $0.append(5) }
        #expect(table["a"] == [1, 2, 4] && table["b"] == nil && table.count == 1)
    }
}
