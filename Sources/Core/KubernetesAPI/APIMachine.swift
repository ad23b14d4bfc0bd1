package import Deadlines
package import JSON
package import Services

/// What decides about one connection to the API: requests go out, their answers come back in parts.
package protocol APIMachine: Sendable {
    /// When `deadlineReached` is due; nil if nothing is.
    var nextDeadline: Instant? { get }
    /// Takes an input, and says what follows from it. Any input is legal at any time.
    mutating func handle(_ input: APIInput, at now: Instant) -> [APIOutput]
}

/// What can happen.
package enum APIInput: Sendable, Hashable {
    /// The first of all inputs.
    case started
    /// The head of the answer to the last request, with the time of its `Retry-After`.
    case answered(code: Int, retryAfter: Duration? = nil)
    /// A part of the body.
    case read(JSONReader.Output)
    /// The answer is complete.
    case ended
    /// The request or its answer failed.
    case failed(APIFailure)
    /// `nextDeadline` has come.
    case deadlineReached
    /// The slices of this Service are of interest, or not any more.
    case follow(ObjectName)
    case unfollow(ObjectName)
    /// This is to be written; the time on the wall is what an Event says.
    case write(Services.Step, WallTime)
}

/// What is to be done.
package enum APIOutput: Sendable, Hashable {
    /// Send this request. Nothing more comes of an earlier one.
    case ask(APIRequest)
    /// Close the connection, with whatever is under way.
    case hangUp
    /// This has become known.
    case event(Services.Event)
}
