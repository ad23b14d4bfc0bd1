import Foundation
import Testing

/// The list of planted bugs, held against the code that they are planted in.
struct MutationsTests {
    /// `interop/mutants` finds the place of a bug by its lines, which change with the code.
    @Test func everyPlantedBugHasItsOnePlace() throws {
        let tree = Tree()
        var places: [String: Int] = [:]
        for block in try tree.file("Tests/Mutations/mutations.txt").text.components(separatedBy: "\n\n") {
            let lines = block.components(separatedBy: "\n").filter { !$0.isEmpty && !$0.hasPrefix("#") }
            guard lines.count > 3 else { continue }
            let anchor = lines[2..<lines.count - 1].joined(separator: "\n").filter { !"«»".contains($0) }
            places[lines[0]] = try tree.file(lines[1]).text.components(separatedBy: anchor).count - 1
        }
        #expect(places.count >= 30)
        #expect(places.filter { $0.value != 1 } == [:])
    }
}
