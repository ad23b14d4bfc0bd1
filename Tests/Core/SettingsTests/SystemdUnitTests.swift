import Testing

@testable import Settings

@Suite struct `The unit for systemd` {
    private let least = ["local-as": ["65001"], "vip": ["192.0.2.10"], "peers": ["10.0.0.1:65000"]]

    private func unit(_ flags: [String: [String]], program: String = "/usr/bin/bgpvip") throws -> [String] {
        let loaded = try load(
            least.merging(flags) { $1 }, files: ["/etc/bgpvip/password": "secret"], unread: Manifest.unreadFile)
        return try SystemdUnit.text(loaded, program: program).split(separator: "\n").map(String.init)
    }

    private func values(_ name: String, _ flags: [String: [String]] = [:]) throws -> [String] {
        try unit(flags).filter { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
    }

    @Test func `has all settings, and the capabilities that they need`() throws {
        let loaded = try load(least)
        #expect(
            try SystemdUnit.text(loaded, program: "/usr/bin/bgpvip") == """
                [Unit]
                Description=bgpvip: virtual IP addresses, advertised by BGP
                Documentation=man:bgpvip(1)
                After=network.target
                # It never gives up: the node may get what is missing later.
                StartLimitIntervalSec=0

                [Service]
                Type=notify
                ExecStart=/usr/bin/bgpvip run
                ExecReload=/usr/bin/bgpvip reload --control-socket /run/bgpvip/bgpvip.sock
                Environment=BGPVIP_VIP=192.0.2.10
                Environment=BGPVIP_LOCAL_AS=65001
                Environment=BGPVIP_PEERS=10.0.0.1:65000
                Restart=always
                RestartSec=1s
                # The start waits for the node's network, and for the first result of the checks.
                TimeoutStartSec=infinity
                TimeoutStopSec=30s
                WatchdogSec=10s

                # Who it is and what it may do.
                DynamicUser=yes
                User=bgpvip
                CapabilityBoundingSet=CAP_NET_ADMIN
                AmbientCapabilities=CAP_NET_ADMIN
                NoNewPrivileges=yes
                UMask=0077
                LimitCORE=0

                # What it sees of the node.
                RuntimeDirectory=bgpvip
                ProtectSystem=strict
                ProtectHome=yes
                PrivateTmp=yes
                PrivateDevices=yes
                ProtectProc=invisible
                ProtectControlGroups=yes
                ProtectKernelTunables=yes
                ProtectKernelModules=yes
                ProtectKernelLogs=yes
                ProtectClock=yes
                ProtectHostname=yes
                RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX
                RestrictNamespaces=yes
                RestrictRealtime=yes
                RestrictSUIDSGID=yes
                LockPersonality=yes
                MemoryDenyWriteExecute=yes
                KeyringMode=private
                SystemCallArchitectures=native
                SystemCallFilter=@system-service
                SystemCallFilter=~@privileged
                # With these it gives up more by itself.
                SystemCallFilter=capset landlock_create_ruleset landlock_add_rule landlock_restrict_self
                SystemCallErrorNumber=EPERM

                [Install]
                WantedBy=multi-user.target

                """)
        #expect(SystemdUnit.notices(loaded) == [])
    }

    @Test func `needs more capabilities for BFD and for a port below 1024`() throws {
        #expect(try values("AmbientCapabilities", ["bfd": ["true"]]) == ["CAP_NET_ADMIN CAP_SYS_NICE"])
        #expect(try values("RestrictRealtime", ["bfd": ["true"]]) == [])
        #expect(try values("AmbientCapabilities", ["listen": ["true"]]) == ["CAP_NET_ADMIN CAP_NET_BIND_SERVICE"])
    }

    @Test func `leaves what a configuration file says in the file`() throws {
        let file = ["config": ["/etc/bgp vip/$a.yaml"]]
        #expect(try values("ExecStart", file) == [#"/usr/bin/bgpvip run --config "/etc/bgp vip/$$a.yaml""#])
        #expect(try values("Environment", file).contains { $0.contains("CONFIG") } == false)
    }

    @Test func `gives the departure its time`() throws {
        #expect(try values("TimeoutStopSec", ["settle": ["1m"], "linger": ["2m"]]) == ["192s"])
    }

    @Test func `makes the directory of the control socket, wherever it is`() throws {
        #expect(try values("RuntimeDirectory", ["control-socket": ["/run/a/b/c.sock"]]) == ["a/b"])
        #expect(try values("RuntimeDirectory", ["control-socket": ["none"]]) == [])
        #expect(try values("ExecReload", ["control-socket": ["none"]]) == ["kill -HUP $MAINPID"])
        let elsewhere = ["control-socket": ["/srv/c.sock"]]
        #expect(try values("RuntimeDirectory", elsewhere) == [])
        #expect(try values("ReadWritePaths", elsewhere) == ["/srv"])
    }

    @Test func `writes any text so that systemd reads the same`() throws {
        let check = ["check": [#"exec:/bin/sh -c 'test "$A" = 50%\n'"#]]
        #expect(
            try values("Environment", check).last
                == #""BGPVIP_CHECK=exec:/bin/sh -c 'test \"$A\" = 50%%\\n'""#)
    }

    @Test func `contains no password`() throws {
        let peers = ["peers": ["10.0.0.1:65000:secret"]]
        #expect {
            try unit(peers)
        } throws: { error in
            (error as? SettingError)?.remedy == "write it into a file and give --peer-password-file"
        }
        let file = ["peer-password-file": ["/etc/bgpvip/password"]]
        #expect(try !unit(file).contains { $0.contains("secret") })
        let loaded = try load(least.merging(file) { $1 }, files: ["/etc/bgpvip/password": "secret"])
        #expect(
            SystemdUnit.notices(loaded) == [
                "the user bgpvip must be able to read /etc/bgpvip/password: make the user (useradd --system bgpvip) and give its group the files"
            ])
    }

    @Test func `needs absolute paths`() {
        #expect(throws: SettingError.self) { try unit([:], program: "bgpvip") }
        #expect(throws: SettingError.self) { try unit(["config": ["b.yaml"]]) }
    }
}
