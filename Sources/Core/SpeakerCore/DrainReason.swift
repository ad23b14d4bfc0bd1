import IPTypes

/// Why a node is drained, in the words of whoever drains it.
package enum DrainReason {
    /// So many bytes fit into the shutdown communication of every router (RFC 8203).
    package static let longest = 128

    /// What is wrong with a reason that was given in one piece; nil if it can be told as it is.
    package static func fault(of reason: String) -> String? {
        if reason.utf8.count > longest {
            return "the reason has \(reason.utf8.count) bytes; \(longest) can be sent to every router (RFC 8203)"
        }
        if !reason.unicodeScalars.allSatisfy(\.isPrintable) {
            return "the reason must be one line of printable characters"
        }
        return nil
    }

    /// The beginning of a reason that is too long, as much as every router takes; nil if all of it fits.
    package static func shortened(_ reason: String) -> String? {
        guard reason.utf8.count > longest else { return nil }
        var beginning = ""
        for scalar in reason.unicodeScalars {
            guard beginning.utf8.count + UTF8.width(scalar) <= longest else { break }
            beginning.unicodeScalars.append(scalar)
        }
        return beginning
    }

    /// The first line of a file's beginning: trimmed, without characters that could steer a terminal, cut to what a
    /// router can be told; nil if nothing is left.
    package static func firstLine(of bytes: some Sequence<UInt8>) -> String? {
        let line = bytes.prefix { $0 != 0x0A && $0 != 0x0D }
        var words: [String] = []
        var word = ""
        var size = 0
        for scalar in String(decoding: Array(line), as: UTF8.self).unicodeScalars {
            if scalar.properties.isWhitespace || !scalar.isPrintable {
                if !word.isEmpty { words.append(word) }
                word = ""
                continue
            }
            // A blank in front of each word but the first.
            let next = UTF8.width(scalar) + (word.isEmpty && !words.isEmpty ? 1 : 0)
            guard size + next <= longest else { break }
            size += next
            word.unicodeScalars.append(scalar)
        }
        if !word.isEmpty { words.append(word) }
        return words.isEmpty ? nil : words.joined(separator: " ")
    }
}
