import Testing

@testable import BFD

@Suite("Which session a packet belongs to")
struct DemultiplexerTests {
    private let table: BFDDemultiplexer<String> = {
        var table = BFDDemultiplexer<String>()
        #expect(table.insert("a", discriminator: 1, isMultihop: false) == true)
        #expect(table.insert("b", discriminator: 2, isMultihop: false) == true)
        #expect(table.insert("c", discriminator: 3, isMultihop: true) == true)
        return table
    }()

    @Test("A discriminator alone decides, whatever the source")
    func discriminator() throws {
        #expect(try table.peer(for: .theirs(.up, your: 2), from: "a", isMultihop: false) == "b")
        #expect(try table.peer(for: .theirs(.up, your: 2), from: "x", isMultihop: false) == "b")
        #expect(try table.peer(for: .theirs(.down, your: 3), from: "x", isMultihop: true) == "c")
    }

    @Test("A discriminator that nobody has is discarded")
    func unknownDiscriminator() {
        #expect(throws: BFDDiscard.unknownDiscriminator(9)) {
            try table.peer(for: .theirs(.down, your: 9), from: "a", isMultihop: false)
        }
    }

    @Test("What came to the port without TTL check never reaches a single-hop session, nor the other way round")
    func kinds() {
        #expect(throws: BFDDiscard.unknownDiscriminator(1)) {
            try table.peer(for: .theirs(.down, your: 1), from: "a", isMultihop: true)
        }
        #expect(throws: BFDDiscard.unknownDiscriminator(3)) {
            try table.peer(for: .theirs(.down, your: 3), from: "c", isMultihop: false)
        }
        #expect(throws: BFDDiscard.unknownSource) {
            try table.peer(for: .theirs(.down, your: 0), from: "a", isMultihop: true)
        }
    }

    @Test("Without a discriminator the source decides, in Down and AdminDown only")
    func source() throws {
        for state in [BFDState.down, .adminDown] {
            #expect(try table.peer(for: .theirs(state, your: 0), from: "b", isMultihop: false) == "b")
            #expect(throws: BFDDiscard.unknownSource) {
                try table.peer(for: .theirs(state, your: 0), from: "x", isMultihop: false)
            }
        }
        for state in [BFDState.initializing, .up] {
            #expect(throws: BFDDiscard.missingDiscriminator(state)) {
                try table.peer(for: .theirs(state, your: 0), from: "b", isMultihop: false)
            }
        }
    }

    @Test("An authenticated packet is discarded, but only once its session is found")
    func authentication() {
        var packet = BFDPacket.theirs(.down, your: 1)
        packet.isAuthenticated = true
        #expect(throws: BFDDiscard.authentication) { try table.peer(for: packet, from: "a", isMultihop: false) }
        packet.yourDiscriminator = 9
        #expect(throws: BFDDiscard.unknownDiscriminator(9)) {
            try table.peer(for: packet, from: "a", isMultihop: false)
        }
    }

    @Test("Discriminators and peers are unique, and 0 is nobody's")
    func uniqueness() throws {
        var table = table
        #expect(table.insert("d", discriminator: 0, isMultihop: false) == false)
        #expect(table.insert("d", discriminator: 1, isMultihop: false) == false)
        #expect(table.insert("a", discriminator: 4, isMultihop: false) == false)
        #expect(table.insert("a", discriminator: 4, isMultihop: true) == true)
        #expect(try table.peer(for: .theirs(.down, your: 0), from: "a", isMultihop: true) == "a")
    }

    @Test("A removed session hears nothing, and its place is free")
    func removal() {
        var table = table
        table.remove(discriminator: 1)
        table.remove(discriminator: 1)
        #expect(throws: BFDDiscard.unknownDiscriminator(1)) {
            try table.peer(for: .theirs(.down, your: 1), from: "a", isMultihop: false)
        }
        #expect(throws: BFDDiscard.unknownSource) {
            try table.peer(for: .theirs(.down, your: 0), from: "a", isMultihop: false)
        }
        #expect(table.insert("a", discriminator: 1, isMultihop: false) == true)
    }
}
