package import JSON
package import Services

/// A request to the Kubernetes API, without what belongs to the connection.
package struct APIRequest: Sendable, Hashable {
    package enum Method: String, Sendable, Hashable {
        case get = "GET"
        case post = "POST"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    package var method: Method
    /// Path and query, percent-encoded.
    package var target: String
    /// Nil without a body.
    package var contentType: String?
    package var body: [UInt8]
    /// What is kept of the answer.
    package var selection: JSONSelection

    init(
        _ method: Method, _ path: String, _ query: [(name: String, value: String)] = [],
        body: JSONValue? = nil, contentType: String = "application/json", selection: JSONSelection
    ) {
        self.method = method
        let parameters = query.map { "\($0.name)=\(percentEncoded($0.value))" }.joined(separator: "&")
        target = parameters.isEmpty ? path : "\(path)?\(parameters)"
        self.contentType = body == nil ? nil : contentType
        self.body = body?.utf8 ?? []
        self.selection = selection
    }
}

/// Everything but letters, digits and `-._~` as `%` and two digits (RFC 3986 section 2.1).
func percentEncoded(_ text: String) -> String {
    var encoded = ""
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            encoded.unicodeScalars.append(Unicode.Scalar(byte))
        default:
            encoded += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
        }
    }
    return encoded
}

/// The objects of one kind that are listed and watched.
package struct Collection: Sendable, Hashable {
    package let kind: ClusterObject.Kind
    /// The node we run on.
    let nodeName: String
    /// Where our Leases are.
    let namespace: String
    /// The Services whose slices are asked for.
    var followed: Set<ObjectName> = []

    package init(_ kind: ClusterObject.Kind, nodeName: String, namespace: String) {
        self.kind = kind
        self.nodeName = nodeName
        self.namespace = namespace
    }

    /// How many objects an answer to a list has at most.
    static let pageSize = 500

    /// How long a selector may be. Servers take a megabyte, proxies 16 KiB; a longer one is left out, and more is read than
    /// needed.
    private static let longestSelector = 8192

    /// The first page of a list, or the one that a page has named as `next`.
    func list(next: String? = nil) -> APIRequest {
        var query = selectors + [("limit", "\(Self.pageSize)")]
        if let next { query.append(("continue", next)) }
        return APIRequest(
            .get, path, query,
            selection: Self.answer(["items": .handedOver(selection), "metadata": Self.listMetadata]))
    }

    /// What changes from a version on, for so many seconds.
    func watch(from version: String, seconds: Int64) -> APIRequest {
        let query = [
            ("watch", "true"), ("allowWatchBookmarks", "true"), ("resourceVersion", version),
            ("timeoutSeconds", "\(seconds)"),
        ]
        // An ERROR holds a Status where else the object is, a BOOKMARK one with nothing but its version.
        let object = selection.adding(["code": .all, "message": .all, "reason": .all, "details": APIStatus.details])
        return APIRequest(
            .get, path, selectors + query, selection: Self.answer(["type": .all, "object": object]))
    }

    private var path: String {
        switch kind {
        case .services: "/api/v1/services"
        case .slices: "/apis/discovery.k8s.io/v1/endpointslices"
        case .node: "/api/v1/nodes"
        case .claims: "/apis/coordination.k8s.io/v1/namespaces/\(percentEncoded(namespace))/leases"
        }
    }

    private var selectors: [(name: String, value: String)] {
        switch kind {
        case .services: return []
        case .node: return [("fieldSelector", "metadata.name=\(nodeName)")]
        case .claims: return [("labelSelector", "\(Claim.label.name)=\(Claim.label.value)")]
        case .slices:
            let names = Set(followed.map(\.name)).sorted().joined(separator: ",")
            return names.utf8.count > Self.longestSelector
                ? [] : [("labelSelector", "\(EndpointSlice.serviceLabel) in (\(names))")]
        }
    }

    private var selection: JSONSelection {
        switch kind {
        case .services: Service.selection
        case .slices: EndpointSlice.selection
        case .node: Node.selection
        case .claims: Claim.selection
        }
    }

    private static let listMetadata = JSONSelection.members(["resourceVersion": .all, "continue": .all])

    private static func answer(_ members: [String: JSONSelection]) -> JSONSelection {
        APIStatus.selection.adding(members)
    }

    /// The object in a part of an answer; nil if the request did not ask for it.
    func object(_ json: JSONValue) -> ClusterObject? {
        switch kind {
        case .services:
            return Service(json).map { .service($0) }
        case .slices:
            guard let slice = EndpointSlice(json), followed.contains(slice.service) else { return nil }
            return .slice(slice)
        case .node:
            guard let node = Node(json), node.name == nodeName else { return nil }
            return .node(node)
        case .claims:
            return Claim(json).map { .claim($0) }
        }
    }
}

extension JSONSelection {
    /// The same with more members; for an object only.
    func adding(_ more: [String: JSONSelection]) -> JSONSelection {
        guard case .members(let members) = self else { return self }
        return .members(members.merging(more) { $1 })
    }
}
