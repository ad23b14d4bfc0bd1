/// Rows in columns that are as wide as their widest cell, two blanks apart. The last column holds sentences.
///
/// On a terminal that is too narrow for the columns, each row becomes a few lines: the first cell, and below it the others
/// with their names.
struct TextTable {
    private let header: [String]
    private let sentenceHeader: String
    private var rows: [Row] = []
    private let style: TextStyle
    /// A sentence that would make its row longer than this goes below the row, in full; on a terminal its width counts.
    private static let widestRow = 100

    private struct Row {
        var cells: [String]
        var tones: [Int: TextStyle.Tone]
        var sentence: String
    }

    init(_ header: [String], sentence: String, _ style: TextStyle) {
        self.header = header
        self.style = style
        sentenceHeader = sentence
    }

    /// Adds a row with as many cells as the header has, and the colours of some of them.
    mutating func append(_ cells: [String], _ tones: [Int: TextStyle.Tone?] = [:], sentence: String?) {
        rows.append(
            Row(
                cells: cells.map(printable), tones: tones.compactMapValues { $0 },
                sentence: sentence.map(printable) ?? "-"))
    }

    /// The table, each line with its newline.
    var text: String {
        let widths = rows.reduce(header.map(\.count)) { widths, row in
            zip(widths, row.cells).map { max($0, $1.count) }
        }
        let columns = widths.reduce(0) { $0 + $1 + 2 }
        let room = (style.width ?? Self.widestRow) - columns
        if style.width != nil, room < sentenceHeader.count { return rows.map(block).joined() }
        func line(_ cells: [String], _ tones: [Int: TextStyle.Tone], _ sentence: String) -> String {
            zip(cells, widths).enumerated().map { index, column in
                let (cell, width) = column
                return style.coloured(cell, tones[index]) + padded("", to: width - cell.count + 2)
            }.joined() + sentence + "\n"
        }
        return rows.reduce(into: line(header, [:], sentenceHeader)) { text, row in
            if row.sentence.count <= room {
                text += line(row.cells, row.tones, row.sentence)
            } else {
                text += line(row.cells, row.tones, room < 9 ? "" : "see below")
                text += style.wrapped(row.sentence, indent: 4)
            }
        }
    }

    /// A row as lines that fit into a narrow terminal.
    private func block(_ row: Row) -> String {
        var text = row.cells.first.map { $0 + "\n" } ?? ""
        var width = 0
        for index in row.cells.indices.dropFirst() {
            let name = header[index].lowercased() + " "
            let length = name.count + row.cells[index].count + 2
            if width > 0, width + length > (style.width ?? Self.widestRow) {
                text += "\n"
                width = 0
            }
            text += "  " + name + style.coloured(row.cells[index], row.tones[index])
            width += length
        }
        return text + "\n" + (row.sentence == "-" ? "" : style.wrapped(row.sentence, indent: 2))
    }
}
