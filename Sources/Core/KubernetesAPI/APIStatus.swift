import JSON

/// What the API says instead of what it was asked for: an object of the kind Status.
struct APIStatus: Sendable, Hashable {
    var code: Int
    /// A word in CamelCase, such as `Expired`; empty if there is none.
    var reason: String
    /// For people; empty if there is none.
    var message: String
    /// How long it wants to be left alone.
    var retryAfter: Duration?

    static let details = JSONSelection.members(["retryAfterSeconds": .all])
    static let selection = JSONSelection.members([
        "code": .all, "reason": .all, "message": .all, "details": details,
    ])

    /// What the answer with this code says; `json` is nil if it is no JSON.
    init(code: Int, retryAfter: Duration?, _ json: JSONValue?) {
        self.code = code
        reason = json?["reason"]?.text ?? ""
        message = json?["message"]?.text ?? ""
        self.retryAfter = retryAfter
        if retryAfter == nil, let seconds = json?["details"]?["retryAfterSeconds"]?.integer {
            self.retryAfter = .seconds(min(max(0, seconds), 3600))
        }
    }

    /// The Status in a watch's event ERROR.
    init(event json: JSONValue) {
        self.init(code: json["code"]?.integer ?? 0, retryAfter: nil, json)
    }
}
