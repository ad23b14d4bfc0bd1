/// What of a document is kept while it is read. All else is skipped and costs no memory.
///
/// Text, numbers, true, false and null are kept wherever they are selected. An array or object of another kind than the
/// one that is selected is kept empty.
package indirect enum JSONSelection: Sendable, Hashable {
    /// The whole value.
    case all
    /// Of an object the members with these names, of each what is selected there.
    case members([String: JSONSelection])
    /// Of an array every element, of each what is selected there.
    case each(JSONSelection)
    /// Of an array every element, handed over as soon as it has been read: the array itself stays empty.
    case handedOver(JSONSelection)

    /// What is kept of the member `name`; nil if nothing is.
    func ofMember(_ name: String) -> JSONSelection? {
        switch self {
        case .all: .all
        case .members(let members): members[name]
        case .each, .handedOver: nil
        }
    }

    /// What is kept of each element of an array; nil if nothing is.
    var ofElements: JSONSelection? {
        switch self {
        case .all: .all
        case .each(let element), .handedOver(let element): element
        case .members: nil
        }
    }
}
