/// Whether a place in a command is within quotation marks, as a shell sees it; found out by reading on from its beginning.
struct Quotation {
    /// The mark that is open.
    private(set) var mark: Character?
    /// True behind a backslash that protects the next character.
    private(set) var isProtecting = false

    mutating func read(_ character: Character) {
        switch (mark, character) {
        case _ where isProtecting: isProtecting = false
        case (character, _): mark = nil
        case ("'", _): break
        case (_, "\\"): isProtecting = true
        case (nil, "'"), (nil, "\""): mark = character
        default: break
        }
    }
}

/// A program and its arguments in one text, taken apart as a shell does it: at blanks, but not within quotation marks.
///
/// No shell reads it. What a shell would act on is found, so that it can be refused: as mere arguments of the first
/// program, `| grep -q ok` or `&& test -e /run/ok` would be a check that is always healthy.
struct ExecText {
    private(set) var words: [String] = []
    /// The first sign that a shell would act on, and the characters in front of it.
    private(set) var sign: (text: String, offset: Int)?
    /// The quotation mark that is never closed, and the characters in front of it.
    private(set) var openMark: (mark: Character, offset: Int)?

    init(_ text: String) {
        let characters = Array(text)
        var word: String?
        var quotation = Quotation()
        for (offset, character) in characters.enumerated() {
            let before = quotation
            quotation.read(character)
            if before.isProtecting {
                // Within "…" a backslash protects these only, and is itself in front of others.
                let isBackslash = before.mark != nil && !"\"\\$`".contains(character)
                word = (word ?? "") + (isBackslash ? "\\" : "") + String(character)
            } else if before.mark != quotation.mark {
                openMark = quotation.mark.map { ($0, offset) }
                word = word ?? ""
            } else if quotation.isProtecting {
                continue
            } else if quotation.mark == nil, character.isWhitespace, !character.isNewline {
                if let whole = word { words.append(whole) }
                word = nil
            } else {
                if sign == nil, quotation.mark != "'",
                    let text = Self.sign(characters[offset...], startsWord: word == nil, quotation.mark == nil)
                {
                    sign = (text, offset)
                }
                word = (word ?? "") + String(character)
            }
        }
        // In front of nothing, a backslash is one.
        if quotation.isProtecting { word = (word ?? "") + "\\" }
        if let word { words.append(word) }
    }

    /// What a shell would act on at the beginning of `rest`.
    private static func sign(_ rest: ArraySlice<Character>, startsWord: Bool, _ isBare: Bool) -> String? {
        guard let first = rest.first else { return nil }
        let next = rest.dropFirst().first
        switch first {
        case "`":
            return "`"
        case "$":
            guard let next, next.isLetter || next.isNumber || "_({@*#?$!-".contains(next) else { return nil }
            return "$\(next)"
        case _ where !isBare:
            return nil
        case _ where first.isNewline:
            return "line break"
        case "|", "&", ";", "<", ">":
            return String(rest.prefix { "|&;<>".contains($0) })
        case "(", ")", "*", "?", "[":
            return String(first)
        case "~", "#":
            return startsWord ? String(first) : nil
        default:
            return nil
        }
    }
}

extension CheckText {
    /// Parses what stands behind `exec:`, which is `offset` characters into the text.
    static func exec(_ text: String, offset: Int) throws(Complaint) -> CheckText {
        let command = ExecText(text)
        if let open = command.openMark {
            throw Complaint("the quotation mark \(open.mark) is never closed", offset: offset + open.offset)
        }
        if let sign = command.sign {
            throw Complaint(
                "\(ValueText.quoted(sign.text)) means something to a shell, and no shell reads this: the program would get it as an argument",
                "write exec:/bin/sh -c '…', or in the configuration file the list exec: [/bin/sh, -c, …]; within '…' it is a plain argument",
                offset: offset + sign.offset)
        }
        guard let program = command.words.first, program.hasPrefix("/") else {
            throw Complaint(
                "the program is not an absolute path", "write for example exec:/usr/bin/pgrep -x sshd", offset: offset)
        }
        return try CheckText(program: program, arguments: Array(command.words.dropFirst()))
    }
}
