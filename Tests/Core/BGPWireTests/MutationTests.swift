import BGPWire
import Testing

/// Damaged messages, the same ones in every run: nothing may trap, and both readers must agree.
struct MutationTests {
    /// SplitMix64, so that a failure can be repeated.
    struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
            return word ^ word >> 31
        }
    }

    static let seeds = Vector.all.map(\.bytes) + Golden.all.map(\.0)

    private func mutant(of bytes: [UInt8], _ generator: inout Generator) -> [UInt8] {
        var body = Array(bytes.dropFirst(19))
        for _ in 0..<Int.random(in: 1...4, using: &generator) where !body.isEmpty {
            let index = Int.random(in: 0..<body.count, using: &generator)
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: body[index] = [0, 1, 2, 127, 128, 254, 255].randomElement(using: &generator) ?? 0
            case 1: body[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 2: body.remove(at: index)
            case 3: body.insert(.random(in: 0...255, using: &generator), at: index)
            case 4: body.removeSubrange(index...)
            default: body += body.suffix(from: index)
            }
        }
        let type =
            Int.random(in: 0..<50, using: &generator) == 0 ? UInt8.random(in: 0...6, using: &generator) : bytes[18]
        let length = Int.random(in: 0..<50, using: &generator) == 0 ? Int.random(in: 0...65535, using: &generator) : nil
        return frame(type: type, Array(body.prefix(5000)), length: length)
    }

    @Test(arguments: 0..<20)
    func damagedMessagesNeverTrap(_ seed: UInt64) {
        var generator = Generator(state: seed)
        var outcomes = (read: 0, refused: 0)
        for _ in 0..<1000 {
            let bytes = mutant(of: Self.seeds.randomElement(using: &generator) ?? [], &generator)
            let fourOctetAS = Bool.random(using: &generator)
            var codec = MessageCodec.external(fourOctetAS: fourOctetAS)
            do throws(DecodeError) {
                let received = try codec.decode(bytes)
                outcomes.read += 1
                describe(received)
            } catch {
                outcomes.refused += 1
                #expect(!error.notification.description.isEmpty && !error.explanation.isEmpty)
                #expect(Message.notification(error.notification).encoded(fourOctetAS: true).count <= 4096)
            }
            compare(bytes, fourOctetAS: fourOctetAS)
        }
        #expect(outcomes.read > 100 && outcomes.refused > 100)
    }

    /// What can be decoded into values means the same after it was encoded again.
    private func compare(_ bytes: [UInt8], fourOctetAS: Bool) {
        let refusal = decodeError(bytes, codec: .external(fourOctetAS: fourOctetAS))
        do throws(DecodeError) {
            let message = try decoded(bytes, fourOctetAS: fourOctetAS)
            #expect(refusal == nil)
            if case .update(let update) = message { #expect(update.attributes.allSatisfy { !$0.description.isEmpty }) }
            let encoded = message.encoded(fourOctetAS: fourOctetAS)
            let again = try decoded(encoded, fourOctetAS: fourOctetAS)
            #expect(again == message)
        } catch {
            #expect(refusal == error || (refusal == nil && error.notification == .malformedAttributeList))
        }
    }

    private func describe(_ message: ReceivedMessage) {
        switch message {
        case .open(let open): #expect(open.capabilities.allSatisfy { !$0.description.isEmpty })
        case .notification(let notification): #expect(!notification.description.contains { $0.isNewline })
        case .update, .keepalive, .routeRefresh: break
        }
    }
}
