extension KubeVipTranslation {
    /// What has only Services to act on, besides `svc_enable`.
    static let ofServices = ["svc_namespace", "lb_class_name", "lb_class_only", "k8s_config_file", "vip_nodename"]

    /// Finds out whether Services are asked for.
    /// - Parameter flag: the values of `--services`, which is a flag of kube-vip and one of ours.
    mutating func takeServices(_ flag: [String]?) {
        if variables["svc_enable"] == nil, let text = flag?.last?.trimmed, !text.isEmpty {
            variables["svc_enable"] = GivenText(text: text, origin: .kubeVipFlag("services"))
        }
        let isWanted = boolean("svc_enable") == true
        servesServices = isWanted && !tolerated.contains("svc_enable")
        if isWanted, !servesServices {
            notices.append("\(variables["svc_enable"]?.origin ?? .default) is ignored: Services are not served")
        }
        let hasAddress = variables["address"] != nil || variables["vip_address"] != nil || answered.contains(.vip)
        let isControlPlaneWanted = boolean("cp_enable") ?? hasAddress
        servesControlPlane = isControlPlaneWanted || !servesServices
    }

    /// What kube-vip does for Services: it serves those of its class, and others unless told otherwise; it chooses no
    /// addresses, but takes each one that a Service asks for.
    mutating func translateServices() {
        guard servesServices else { return }
        pass("svc_enable", to: .services)
        pass("lb_class_name", to: .servicesClass)
        pass("svc_enable", to: .servicesUnclassed)
        if boolean("lb_class_only") == true { pass("lb_class_only", to: .servicesUnclassed) { _ in "false" } }
        pass("k8s_config_file", to: .servicesKubeconfig)
        pass("vip_nodename", to: .servicesNode)
        if !answered.contains(.servicesPools) {
            pass("svc_enable", to: .servicesPools) { _ in "any" }
            notices.append(
                "no pools are given: a Service gets the address that it asks for, as with kube-vip, and none without asking"
            )
        }
        if let namespace = variables["svc_namespace"], !tolerated.contains("svc_namespace") {
            fail(
                "svc_namespace",
                "bgpvip serves the Services of all namespaces, not of \(ValueText.quoted(namespace.text)) alone",
                "remove it, or ignore it with --ignore svc_namespace or BGPVIP_IGNORE=svc_namespace")
        }
    }
}
