package import IPTypes
import Settings

extension Speaker {
    /// The VIPs of which the kernel has to be asked whether they are local, because others put them there.
    package var vipsLeftToOthers: [IPPrefix] {
        vips.filter { $0.binding == .leftToOthers && $0.settings.mustBeLocal }.map(\.settings.prefix)
    }

    /// Advertises what the kernel delivers to this node, and withdraws what it does not: packets to it would go back to
    /// the router, or nowhere.
    mutating func noteLocality(of prefixes: [IPPrefix], isLocal: Bool) {
        var news: [IPPrefix] = []
        for prefix in prefixes {
            guard let index = vipIndex[prefix], vips[index].settings.mustBeLocal, vips[index].isLocal != isLocal
            else { continue }
            // That it is there from the beginning is no news, nor what is still ours.
            if vips[index].binding == .leftToOthers, !isLocal || vips[index].isLocal != nil { news.append(prefix) }
            vips[index].isLocal = isLocal
            touched.append(index)
        }
        if !news.isEmpty { effects.append(.report(isLocal ? .becameLocal(news) : .notLocal(news))) }
    }
}

extension Speaker.VIP {
    /// Why an address that is left to others is not advertised, although its service is well; nil if it is there.
    var absence: String? {
        guard binding == .leftToOthers, settings.mustBeLocal, isLocal != true else { return nil }
        guard isLocal == false else { return "the kernel has not said yet whether the address is local" }
        let command = settings.prefix.address.isIPv4 ? "ip" : "ip -6"
        return "the address is not local on this node: put it on an interface, or add a route to it "
            + "(\(command) route add local \(settings.prefix.address) dev lo), or set bind to true"
    }
}
