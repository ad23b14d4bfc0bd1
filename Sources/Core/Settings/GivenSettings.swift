/// Who gave what, after precedence.
struct GivenSettings {
    private(set) var texts: [Setting: [GivenText]] = [:]
    /// The entries of `vips`, `checks` and `peers` in the file, unless a flag or the environment gave these.
    private(set) var items: [Setting: [FileItem]] = [:]
    private(set) var errors: [SettingError] = []
    private(set) var notices: [String] = []
    /// False if our own peer list displaced kube-vip's.
    private(set) var usesKubeVipPeers = true
    /// Who gave kube-vip's single peer, if it is used.
    private var extraPeerOrigin: Origin?

    init(flags: [String: [String]], file: String? = nil, environment: [String: String]) {
        for setting in Setting.all {
            for name in setting.environment {
                // Like kube-vip: `- name: X` without a value in a manifest means nothing.
                guard let text = environment[name]?.trimmed, !text.isEmpty else { continue }
                if let other = texts[setting]?.first {
                    errors.append(
                        SettingError(
                            origin: .environment(name), problem: "says the same as \(other.origin)",
                            remedy: "remove one of them"))
                    continue
                }
                texts[setting] = [GivenText(text: text, origin: .environment(name))]
            }
            var given = setting.flags.flatMap { flag in
                (flags[flag] ?? []).map { GivenText(text: $0, origin: .flag(flag)) }
            }
            if setting == .config, let file { given.append(GivenText(text: file, origin: .argument("file"))) }
            // An empty flag is as good as none, as an empty variable is; an argument by itself was meant to be something.
            if let argument = given.first(where: { $0.text.trimmed.isEmpty && $0.origin.isArgument }) {
                errors.append(
                    SettingError(
                        origin: argument.origin, problem: "the value is empty", remedy: "leave the argument out"))
            }
            let full = given.filter { !$0.text.trimmed.isEmpty }
            if !full.isEmpty { texts[setting] = full }
        }
        refuseUnknown(environment)
    }

    /// A misspelled name must not be overlooked: it could be the one of the password file.
    private mutating func refuseUnknown(_ environment: [String: String]) {
        let known = Setting.all.flatMap(\.environment)
        for name in environment.keys.sorted() where name.hasPrefix("BGPVIP_") && !known.contains(name) {
            // What Kubernetes injects for a Service that is called bgpvip.
            let rest = name.dropFirst("BGPVIP_".count)
            if rest.contains("SERVICE_HOST") || rest.contains("SERVICE_PORT") || rest == "PORT"
                || rest.contains("PORT_")
            {
                continue
            }
            let suggestion = name.mostSimilar(among: known).map { "did you mean \($0)?" }
            errors.append(SettingError(origin: .environment(name), problem: "is not a setting", remedy: suggestion))
        }
    }

    /// Adds what kube-vip's words say about settings that ours leave open.
    mutating func complete(with kubeVip: KubeVipTranslation) {
        if texts[.peers] == nil { extraPeerOrigin = kubeVip.extraPeer?.origin }
        for key in Setting.all {
            let theirs = kubeVip.given[key]
            if let ours = texts[key] {
                if key == .peers { usesKubeVipPeers = false }
                let isSame = ours.map(\.text) == theirs?.map(\.text)
                let displaced = theirs?.first?.origin ?? (key == .peers ? kubeVip.extraPeer?.origin : nil)
                if let displaced, let origin = ours.first?.origin, !isSame {
                    notices.append("\(origin) is used, \(displaced) is not")
                }
            } else if let theirs {
                texts[key] = theirs
            }
        }
    }

    // MARK: The configuration file

    /// The configuration file that flags or environment name; nil if none is named.
    /// - Throws: all that is wrong so far, if the file cannot be read: what it leaves open is not known then.
    mutating func file(
        _ readTree: (String) -> Result<FileNode, FileFault>
    ) throws(InvalidSettings) -> FileReading? {
        guard let path = texts[.config]?.first else { return nil }
        if let count = texts[.config]?.count, count > 1 {
            errors.append(
                SettingError(origin: path.origin, problem: "was given \(count) times", remedy: "give it once"))
            throw InvalidSettings(errors: errors, notices: notices)
        }
        do throws(Complaint) {
            _ = try ValueText.shown(path.text)
        } catch {
            errors.append(SettingError(origin: path.origin, problem: error.problem, remedy: error.remedy))
            throw InvalidSettings(errors: errors, notices: notices)
        }
        switch readTree(path.text) {
        case .success(let root):
            let file = FileReading(root, path: path.text)
            errors += file.errors
            return file
        case .failure(let fault):
            let origin = fault.place.map { Origin.file(path.text, $0) } ?? path.origin
            let problem = fault.place == nil ? "cannot read \(path.text): \(fault.problem)" : fault.problem
            errors.append(SettingError(origin: origin, problem: problem, remedy: fault.remedy))
            throw InvalidSettings(errors: errors, notices: notices)
        }
    }

    /// Adds what the file says about settings that flags and environments leave open.
    mutating func complete(with file: FileReading) {
        for (key, theirs) in file.given where texts[key] == nil {
            // kube-vip's single peer has variables of its own.
            if key == .peers, extraPeerOrigin != nil { continue }
            texts[key] = theirs
        }
        for (key, theirs) in file.items.sorted(by: { $0.key.name < $1.key.name }) {
            let origin = texts[key]?.first?.origin ?? (key == .peers ? extraPeerOrigin : nil)
            if let origin {
                notices.append("\(origin) is used, \(theirs.first?.origin ?? .default) is not")
            } else {
                items[key] = theirs
            }
        }
    }
}
