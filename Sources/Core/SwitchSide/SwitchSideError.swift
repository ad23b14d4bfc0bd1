/// What is wrong with what was asked for, and what to do about it.
package struct SwitchSideError: Error, Sendable, Hashable, CustomStringConvertible {
    package var problem: String
    package var remedy: String?

    init(_ problem: String, _ remedy: String? = nil) {
        self.problem = problem
        self.remedy = remedy
    }

    package var description: String { problem + (remedy.map { "; \($0)" } ?? "") }
}
