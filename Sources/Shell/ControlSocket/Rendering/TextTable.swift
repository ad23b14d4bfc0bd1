/// Rows in columns that are as wide as their widest cell, two blanks apart. The last column holds sentences.
struct TextTable {
    private let header: [String]
    private let sentenceHeader: String
    private var rows: [Row] = []
    /// A sentence that would make its row longer than this stands below the row, in full.
    private let widestRow = 100

    private struct Row {
        var cells: [String]
        var sentence: String
    }

    init(_ header: [String], sentence: String) {
        self.header = header
        sentenceHeader = sentence
    }

    /// Adds a row with as many cells as the header has.
    mutating func append(_ cells: [String], sentence: String?) {
        rows.append(Row(cells: cells.map(printable), sentence: sentence.map(printable) ?? "-"))
    }

    /// The table, each line with its newline.
    var text: String {
        let widths = rows.reduce(header.map(\.count)) { widths, row in
            zip(widths, row.cells).map { max($0, $1.count) }
        }
        let room = widestRow - widths.reduce(0) { $0 + $1 + 2 }
        func line(_ cells: [String], _ sentence: String) -> String {
            zip(cells, widths).map { padded($0, to: $1) + "  " }.joined() + sentence + "\n"
        }
        return rows.reduce(into: line(header, sentenceHeader)) { text, row in
            if row.sentence.count <= room {
                text += line(row.cells, row.sentence)
            } else {
                text += line(row.cells, "see below") + "    " + row.sentence + "\n"
            }
        }
    }
}
