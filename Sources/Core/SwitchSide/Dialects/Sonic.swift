extension SwitchSide {
    /// SONiC, whose routing container runs FRRouting.
    func sonic(_ text: inout ConfigText) {
        text.note(
            "For docker_routing_config_mode `split` or `split-unified`, where the files of FRRouting are yours: load this",
            "with `vtysh -f FILE` in the container bgp. In other modes SONiC writes them from CONFIG_DB, and this is lost.",
            "CONFIG_DB's BGP_PEER_RANGE is not used: it sets no timers, no BFD, no limit and no import filter.",
            "Resilient hashing is a feature of the platform (fine-grained ECMP, FG_NHG in CONFIG_DB): not set here.")
        portNotes(&text)
        frrText(&text)
    }
}
