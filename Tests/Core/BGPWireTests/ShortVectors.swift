import BGPWire
import IPTypes

extension Vector {
    /// NOTIFICATIONs, ROUTE-REFRESHes and the KEEPALIVE that BIRD 2.0.12, FRR 8.4.4, GoBGP 3.10 and ExaBGP 4.2.21 sent.
    static let others: [Vector] = [
        Vector(
            "rr-ipv4",
            "00170500010001",
            .routeRefresh(RouteRefresh(family: .ipv4Unicast, subtype: 0))),
        Vector(
            "rr-ipv6",
            "00170500020001",
            .routeRefresh(RouteRefresh(family: .ipv6Unicast, subtype: 0))),
        Vector(
            "rr-borr-ipv4",
            "00170500010101",
            .routeRefresh(RouteRefresh(family: .ipv4Unicast, subtype: 1))),
        Vector(
            "rr-eorr-ipv4",
            "00170500010201",
            .routeRefresh(RouteRefresh(family: .ipv4Unicast, subtype: 2))),
        Vector(
            "notif-shutdown-communication",
            "00270306021177617274756e67206269732032323a3030",
            .notification(
                Notification(
                    code: 6, subcode: 2,
                    data: [
                        0x11, 0x77, 0x61, 0x72, 0x74, 0x75, 0x6e, 0x67, 0x20, 0x62, 0x69, 0x73, 0x20, 0x32, 0x32, 0x3a,
                        0x30, 0x30,
                    ]))),
        Vector(
            "notif-admin-reset",
            "0015030604",
            .notification(Notification(code: 6, subcode: 4, data: []))),
        Vector(
            "keepalive",
            "001304",
            .keepalive),
        Vector(
            "notif-shutdown-no-data",
            "0015030602",
            .notification(Notification(code: 6, subcode: 2, data: []))),
        Vector(
            "notif-1-1",
            "0015030101",
            .notification(Notification(code: 1, subcode: 1, data: []))),
        Vector(
            "notif-1-2-data",
            "00170301020012",
            .notification(Notification(code: 1, subcode: 2, data: [0x00, 0x12]))),
        Vector(
            "notif-1-3-data",
            "0016030103ff",
            .notification(Notification(code: 1, subcode: 3, data: [0xff]))),
        Vector(
            "notif-2-1-data",
            "00170302010004",
            .notification(Notification(code: 2, subcode: 1, data: [0x00, 0x04]))),
        Vector(
            "notif-2-2",
            "0017030202fde7",
            .notification(Notification(code: 2, subcode: 2, data: [0xfd, 0xe7]))),
        Vector(
            "notif-2-3",
            "0015030203",
            .notification(Notification(code: 2, subcode: 3, data: []))),
        Vector(
            "notif-2-4",
            "001a0302044d03616263",
            .notification(Notification(code: 2, subcode: 4, data: [0x4d, 0x03, 0x61, 0x62, 0x63]))),
        Vector(
            "notif-2-6",
            "00170302060001",
            .notification(Notification(code: 2, subcode: 6, data: [0x00, 0x01]))),
        Vector(
            "notif-3-1",
            "0015030301",
            .notification(Notification(code: 3, subcode: 1, data: []))),
        Vector(
            "notif-3-10",
            "001503030a",
            .notification(Notification(code: 3, subcode: 10, data: []))),
        Vector(
            "notif-4-0",
            "0015030400",
            .notification(Notification(code: 4, subcode: 0, data: []))),
        Vector(
            "notif-5-1",
            "0015030501",
            .notification(Notification(code: 5, subcode: 1, data: []))),
        Vector(
            "notif-5-2",
            "0015030502",
            .notification(Notification(code: 5, subcode: 2, data: []))),
        Vector(
            "notif-5-3",
            "0015030503",
            .notification(Notification(code: 5, subcode: 3, data: []))),
        Vector(
            "notif-6-7",
            "0015030607",
            .notification(Notification(code: 6, subcode: 7, data: []))),
        Vector(
            "notif-7-1",
            "002d030701ffffffffffffffffffffffffffffffff0018050001010100",
            .notification(
                Notification(
                    code: 7, subcode: 1,
                    data: [
                        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                        0x00, 0x18, 0x05, 0x00, 0x01, 0x01, 0x01, 0x00,
                    ]))),
        Vector(
            "notif-3-5-attr",
            "001b0303054003030a4d01",
            .notification(Notification(code: 3, subcode: 5, data: [0x40, 0x03, 0x03, 0x0a, 0x4d, 0x01]))),
        Vector(
            "notif-3-6-attr",
            "001903030640010103",
            .notification(Notification(code: 3, subcode: 6, data: [0x40, 0x01, 0x01, 0x03]))),
        Vector(
            "notif-3-3-data",
            "001603030301",
            .notification(Notification(code: 3, subcode: 3, data: [0x01]))),
    ]
}
