package import BGPFSM
import IPTypes
import NIOCore

// What can change while a connection is open.

extension PeerConnection {
    /// Replaces the TCP MD5 key of the connection, 1...80 bytes, or takes it away with nil; also while dialling.
    ///
    /// The connection lives on: what either end sends under a key that the other does not have yet is dropped by the
    /// other's kernel and sent again. Both ends have the hold time and the user timeout to agree.
    package func setMD5Key(_ key: [UInt8]?) throws(TransportFailure) {
        loop.assertInEventLoop()
        // The peer can still read what was sent before.
        flush()
        do {
            let remote = try SocketAddress(remote, port: 0)
            for channel in dials + [channel].compactMap({ $0 }) {
                _ = try channel.withDescriptor { descriptor throws(TransportFailure) in
                    try descriptor.setMD5Key(key, for: remote)
                }
            }
        } catch {
            throw TransportFailure(open: error)
        }
        dialled?.md5Key = key
        isSigned = key != nil
    }

    /// How long what we send may stay unacknowledged from now on.
    package func setUserTimeout(_ timeout: Duration) throws(TransportFailure) {
        loop.assertInEventLoop()
        do {
            _ = try channel?.withDescriptor { descriptor throws(TransportFailure) in
                try descriptor.setUserTimeout(timeout)
            }
        } catch {
            throw TransportFailure(open: error)
        }
    }
}
