"""What the account explains, and above all what it does not: made-up runs, in milliseconds."""

import unittest
from types import SimpleNamespace

from faults.account import Account, NextHops, Stalls, around, lapses
from faults.events import BEGINNING, BFD_FALLS, CHECK_FAILS, KINDS, Event
from faults.timeline import Line

MS = 1_000_000
N1 = SimpleNamespace(name="n1", address="10.0.1.2", router="10.0.1.1")
N2 = SimpleNamespace(name="n2", address="10.0.2.2", router="10.0.2.1")
NODES = [N1, N2]
BOTH, NONE = [N1.address, N2.address], []
REFUSED, RESET, SILENT = "Connection refused", "Connection reset by peer", "no answer within a second"
BIRD_FALLS = "n1: Session to 10.0.1.2 changed state from Up to Down"


def fault(kind, at, node="n1", over=None, noticed=None, up=0, lacking=0):
    """A fault; it is over a second later, and the run notices the return as soon as it may."""
    over = at + 1_000 if over is None else over
    noticed = over + 1_600 if noticed is None else noticed
    return Event(kind, at * MS, node, over=over * MS, noticed=noticed * MS, up=up * MS, lacking=lacking * MS)


def changes(*steps):
    """The watch: times and next hops."""
    return [{"at": at * MS, "nextHops": hops} for at, hops in steps]


def stalls(*periods):
    """Starts and ends of stalls."""
    return [{"at": at * MS, "late": (end - at) * MS, "cpu": 0} for at, end in periods]


def failures(*connections):
    """Failed connections: start, end and error."""
    return [{"start": start * MS, "end": end * MS, "error": error} for start, end, error in connections]


def lines(*written):
    """Lines of the router's log: times and texts."""
    return [Line(at * MS, "router", text) for at, text in written]


class AccountCase(unittest.TestCase):
    """Asserts on a whole account."""

    maxDiff = None

    def check(self, expected, faults, hops=(), failed=(), log=(), stalled=(), unexplained=()):
        """Each event as "kind node: failed stretched moved", and each unexplained thing as (ms, text)."""
        begin = Event(BEGINNING, 0)
        account = Account([begin, *faults], list(log), changes(*hops), stalls(*stalled), NODES)
        account.settle(failures(*failed))
        self.assertEqual(begin, account.events[0])
        self.assertEqual(
            (list(expected), list(unexplained)),
            ([(event.kind, event.node, event.failed, event.stretched, event.moved) for event in account.events[1:]],
             [(line.at // MS, line.text) for event in account.events for line in event.unexplained]))
        return account


class BoundTests(AccountCase):
    """For how long an event explains a failed connection."""

    crash = ("the service crashes", "n1")
    gone = ((10_020, [N2.address]), (11_500, BOTH))

    def test_a_connection_fails_until_the_bound_and_not_after(self):
        account = self.check(
            [(*self.crash, 2, 0, 0)], [fault("the service crashes", 10_000)], self.gone,
            [(10_000, 10_001, REFUSED), (10_300, 10_301, REFUSED), (10_301, 10_302, REFUSED)],
            unexplained=[(10_301, "connection: Connection refused (0 ms of stalls)")])
        self.assertEqual(account.events[1].longest, 0.3)

    def test_what_fails_before_an_event_is_not_its_doing(self):
        self.check([(*self.crash, 0, 0, 0)], [fault("the service crashes", 10_000)], self.gone, [(9_990, 9_999, REFUSED)],
                   unexplained=[(9_990, "connection: Connection refused (0 ms of stalls)")])

    def test_what_was_open_for_a_moment_is_and_what_had_no_answer_for_long_before_is_not(self):
        self.check([(*self.crash, 1, 0, 0)], [fault("the service crashes", 10_000)], self.gone,
                   [(9_750, 10_750, SILENT), (9_749, 10_749, SILENT)],
                   unexplained=[(9_749, "connection: no answer within a second (0 ms of stalls)")])

    def test_a_stall_before_an_event_keeps_a_connection_open(self):
        self.check([(*self.crash, 1, 0, 0)], [fault("the service crashes", 10_000)], self.gone,
                   [(9_650, 10_650, SILENT)], stalled=[(9_700, 9_800)])

    def test_stalls_since_the_event_make_the_bound_longer_and_are_counted(self):
        self.check([(*self.crash, 2, 1, 0)], [fault("the service crashes", 10_000)], self.gone,
                   [(10_300, 10_301, REFUSED), (10_400, 10_401, REFUSED), (10_401, 10_402, REFUSED)],
                   stalled=[(9_000, 10_010), (10_200, 10_290)],
                   unexplained=[(10_401, "connection: Connection refused (0 ms of stalls)")])

    def test_stalls_after_the_connection_do_not_help(self):
        self.check([(*self.crash, 0, 0, 0)], [fault("the service crashes", 10_000)], self.gone, [(10_350, 10_360, REFUSED)],
                   stalled=[(10_350, 10_900)], unexplained=[(10_350, "connection: Connection refused (10 ms of stalls)")])

    def test_a_bound_after_the_end_of_a_fault(self):
        self.check([("packets are lost", "n1", 3, 0, 0)], [fault("packets are lost", 10_000, over=14_000)], (),
                   [(10_000, 11_000, SILENT), (13_000, 14_000, SILENT), (15_000, 16_000, SILENT), (15_001, 16_001, SILENT)],
                   unexplained=[(15_001, "connection: no answer within a second (0 ms of stalls)")])

    def test_a_kind_without_a_bound_explains_no_failure_by_time(self):
        self.check([("drain and undrain", "n1", 0, 0, 0)], [fault("drain and undrain", 10_000)], (),
                   [(10_001, 10_002, RESET)], unexplained=[(10_001, "connection: Connection reset by peer (0 ms of stalls)")])

    def test_the_last_of_overlapping_events_has_the_failure(self):
        self.check([("the router starts again", "", 1, 0, 0), (*self.crash, 1, 0, 0)],
                   [fault("the router starts again", 8_000, "", over=8_100, noticed=12_000, up=10_000),
                    fault("the service crashes", 11_000)],
                   [(9_000, NONE), (10_000, BOTH), (11_020, [N2.address]), (12_500, BOTH)],
                   [(10_999, 10_999, RESET), (11_200, 11_201, REFUSED)])

    def test_an_event_explains_nothing_once_everything_was_back(self):
        # The router's bound of 5 s must not cover for a crash that is found too late.
        self.check([("the router starts again", "", 0, 0, 0), (*self.crash, 0, 0, 0)],
                   [fault("the router starts again", 8_000, "", over=8_100, noticed=10_100),
                    fault("the service crashes", 11_000)],
                   [(11_450, [N2.address]), (13_000, BOTH)], [(11_400, 11_401, REFUSED)],
                   unexplained=[(11_400, "connection: Connection refused (0 ms of stalls)")])

    def test_the_beginning_explains_nothing(self):
        self.check([], [], [(1_000, NONE), (1_500, BOTH)], [(0, 1, RESET), (1_000, 1_001, RESET)], unexplained=[
            (0, "connection: Connection reset by peer (0 ms of stalls)"),
            (1_000, "connection: Connection reset by peer (0 ms of stalls)"),
            (1_000, "next hops []"), (1_500, f"next hops {BOTH}")])


class MoveTests(AccountCase):
    """Changes of the next hops, and the connections that were open then."""

    drain = ("drain and undrain", "n1")
    hops = ((10_100, [N2.address]), (10_900, BOTH))

    def moved(self, *connections, unexplained=()):
        """How many a drain has moved."""
        account = self.check(
            [(*self.drain, 0, 0, len(connections) - len(unexplained))], [fault("drain and undrain", 10_000)], self.hops,
            connections, unexplained=unexplained)
        return account.events[1].moved

    def test_connections_that_are_open_at_the_change_are_moved(self):
        self.assertEqual(2, self.moved((10_100, 10_110, RESET), (9_900, 10_100, RESET)))

    def test_the_watch_may_hear_of_the_change_late_but_not_early(self):
        self.assertEqual(1, self.moved(
            (10_040, 10_050, RESET), (10_040, 10_049, RESET), (10_101, 10_110, RESET), unexplained=[
                (10_040, "connection: Connection reset by peer (0 ms of stalls)"),
                (10_101, "connection: Connection reset by peer (0 ms of stalls)")]))

    def test_a_connection_that_is_refused_has_not_been_moved(self):
        self.moved((10_090, 10_110, REFUSED), unexplained=[(10_090, "connection: Connection refused (0 ms of stalls)")])

    def test_a_connection_without_an_answer_has_not_been_moved(self):
        self.moved((10_090, 11_090, SILENT), unexplained=[
            (10_090, "connection: no answer within a second (0 ms of stalls)")])

    def test_a_connection_that_had_no_answer_for_long_before_has_not_been_moved(self):
        self.moved((9_800, 10_800, RESET), (9_850, 10_850, RESET), unexplained=[
            (9_800, "connection: Connection reset by peer (0 ms of stalls)")])

    def test_a_reload_moves_nothing(self):
        self.check([("reload", "n1", 0, 0, 0)], [fault("reload", 10_000)], self.hops, [(10_100, 10_110, RESET)], unexplained=[
            (10_100, "connection: Connection reset by peer (0 ms of stalls)"),
            (10_100, f"next hops {[N2.address]}"), (10_900, f"next hops {BOTH}")])

    def test_an_event_of_one_node_does_not_explain_that_the_other_goes(self):
        self.check([("drain and undrain", "n2", 0, 0, 0)], [fault("drain and undrain", 10_000, "n2")], self.hops, unexplained=[
            (10_100, f"next hops {[N2.address]}"), (10_900, f"next hops {BOTH}")])

    def test_nor_that_both_go(self):
        self.check([(*self.drain, 0, 0, 0)], [fault("drain and undrain", 10_000)], [(10_100, NONE), (10_900, BOTH)],
                   unexplained=[(10_100, "next hops []"), (10_900, f"next hops {BOTH}")])

    def test_an_event_of_the_router_explains_that_both_go(self):
        self.check([("the router starts again", "", 0, 0, 0)], [fault("the router starts again", 10_000, "")],
                   [(10_100, NONE), (10_900, BOTH)])

    def test_a_route_that_is_deleted_and_added_is_replaced(self):
        self.check([(*self.drain, 0, 0, 0)], [fault("drain and undrain", 10_000)],
                   [(10_100, NONE), (10_150, [N2.address]), (10_900, NONE), (10_901, BOTH)])

    def test_but_not_if_it_is_gone_for_longer(self):
        self.check([(*self.drain, 0, 0, 0)], [fault("drain and undrain", 10_000)],
                   [(10_100, NONE), (10_151, [N2.address]), (10_900, BOTH)],
                   unexplained=[(10_100, "next hops []"), (10_151, f"next hops {[N2.address]}")])

    def test_a_route_that_is_replaced_by_itself_needs_an_event_as_well(self):
        flicker = [(10_100, NONE), (10_101, BOTH)]
        self.check([(*self.drain, 0, 0, 0)], [fault("drain and undrain", 10_000)], flicker)
        self.check([("reload", "n1", 0, 0, 0)], [fault("reload", 10_000)], flicker,
                   unexplained=[(10_100, "next hops []"), (10_101, f"next hops {BOTH}")])

    def test_a_node_that_only_flickers_has_gone_and_come(self):
        hops = ((10_100, [N2.address]), (10_140, BOTH))
        self.check([(*self.drain, 0, 0, 0)], [fault("drain and undrain", 10_000)], hops)
        self.check([("drain and undrain", "n2", 0, 0, 0)], [fault("drain and undrain", 10_000, "n2")], hops,
                   unexplained=[(10_100, f"next hops {[N2.address]}"), (10_140, f"next hops {BOTH}")])

    def test_the_last_event_of_a_node_that_goes_has_what_it_moves(self):
        self.check([(*self.drain, 0, 0, 1), ("drain and undrain", "n2", 0, 0, 0)],
                   [fault("drain and undrain", 10_000), fault("drain and undrain", 10_050, "n2")], self.hops,
                   [(10_090, 10_110, RESET)])

    def test_a_change_before_the_event_is_not_its_doing(self):
        self.check([(*self.drain, 0, 0, 0)], [fault("drain and undrain", 10_000)], [(9_999, [N2.address]), (10_900, BOTH)],
                   unexplained=[(9_999, f"next hops {[N2.address]}")])


class ReturnTests(AccountCase):
    """When everything is back, and when the run says so."""

    crash = ("the service crashes", "n1")

    def test_a_run_that_notices_late_says_nothing_of_bgpvip(self):
        account = self.check(
            [(*self.crash, 0, 0, 0)], [fault("the service crashes", 10_000, over=12_000, noticed=44_000)],
            [(10_020, [N2.address]), (12_600, BOTH)])
        self.assertEqual((12_600, 14_600), (account.events[1].whole // MS, account.events[1].back // MS))
        self.assertEqual("the run noticed a return up to 29.4 s late", account.lateness())

    def test_what_happens_before_a_late_run_notices_is_not_explained_by_the_fault(self):
        self.check([(*self.crash, 0, 0, 0)], [fault("the service crashes", 10_000, over=12_000, noticed=44_000)],
                   [(10_020, [N2.address]), (12_600, BOTH), (20_000, [N2.address]), (21_000, BOTH)],
                   [(20_000, 20_010, RESET)], unexplained=[
                       (20_000, "connection: Connection reset by peer (0 ms of stalls)"),
                       (20_000, f"next hops {[N2.address]}"), (21_000, f"next hops {BOTH}")])

    def late(self, expected, hops=(), stalled=(), **seen):
        """A crash whose return the run notices after 50 s."""
        self.check([(*self.crash, 0, 0, 0)], [fault("the service crashes", 10_000, over=12_000, noticed=62_000, **seen)],
                   hops, stalled=stalled, unexplained=expected)

    def test_the_next_fault_may_come_soon_after_the_return(self):
        account = self.check(
            [(*self.crash, 0, 0, 0), ("drain and undrain", "n2", 0, 0, 0)],
            [fault("the service crashes", 10_000, noticed=12_600), fault("drain and undrain", 13_600, "n2")],
            [(10_020, [N2.address]), (12_500, BOTH), (13_700, [N1.address]), (14_900, BOTH)])
        self.assertEqual((12_600, 12_600), (account.events[1].whole // MS, account.events[1].back // MS))

    def test_next_hops_that_are_late(self):
        self.late([], [(10_020, [N2.address]), (42_000, BOTH)])
        self.late([(42_100, "everything is back only 30.1 s after the end of: the service crashes")],
                  [(10_020, [N2.address]), (42_100, BOTH)])

    def test_sessions_that_are_late(self):
        self.late([], up=42_000)
        self.late([(42_100, "everything is back only 30.1 s after the end of: the service crashes")], up=42_100)

    def test_an_answer_that_is_late(self):
        self.late([], lacking=42_000)
        self.late([(42_100, "everything is back only 30.1 s after the end of: the service crashes")], lacking=42_100)

    def test_stalls_give_more_time(self):
        self.late([], up=42_100, stalled=[(20_000, 20_100)])
        self.late([(42_100, "everything is back only 30.1 s after the end of: the service crashes")], up=42_100,
                  stalled=[(20_000, 20_099)])

    def test_what_a_fault_does_just_after_its_end_belongs_to_it(self):
        log = [Line(10_900 * MS, "n1 bgpvip", "VIP is unhealthy")]
        self.check([("bgpvip is frozen", "n1", 0, 0, 2)], [fault("bgpvip is frozen", 10_000, over=10_850)],
                   [(10_920, [N2.address]), (11_300, BOTH)], [(10_910, 10_930, RESET), (11_290, 11_310, RESET)], log=log)


class LapseTests(AccountCase):
    """What happens without a fault."""

    fall = ((10_000, BIRD_FALLS),)
    hops = ((10_010, [N2.address]), (13_000, BOTH))

    def test_a_fall_without_stalls_is_unexplained(self):
        self.check([(BFD_FALLS, "n1", 0, 0, 0)], [], self.hops, log=lines(*self.fall), stalled=[(9_300, 9_699)],
                   unexplained=[(10_000, "BFD goes down by itself, with 399 ms of stalls in the 800 ms before")])

    def test_a_fall_with_stalls_is_explained_and_explains(self):
        self.check([(BFD_FALLS, "n1", 2, 0, 0)], [], self.hops, [(10_001, 10_002, RESET), (13_000, 13_001, RESET)],
                   log=lines(*self.fall), stalled=[(9_300, 9_700)])

    def test_stalls_long_before_it_or_after_it_do_not_explain(self):
        self.check([(BFD_FALLS, "n1", 0, 0, 0)], [], self.hops, log=lines(*self.fall),
                   stalled=[(8_000, 9_300), (10_000, 11_000)],
                   unexplained=[(10_000, "BFD goes down by itself, with 100 ms of stalls in the 800 ms before")])

    def test_it_explains_until_the_next_hops_are_back_and_for_five_seconds_at_most(self):
        self.check([(BFD_FALLS, "n1", 1, 0, 0)], [], [(10_010, [N2.address]), (16_000, BOTH)],
                   [(15_000, 15_001, RESET), (15_001, 15_002, RESET)], log=lines(*self.fall), stalled=[(9_300, 9_700)],
                   unexplained=[(15_001, "connection: Connection reset by peer (0 ms of stalls)"),
                                (16_000, f"next hops {BOTH}")])

    def test_with_next_hops_that_never_come_back(self):
        self.check([(BFD_FALLS, "n1", 1, 0, 0)], [], [(10_010, [N2.address])],
                   [(15_000, 15_001, RESET), (15_001, 15_002, RESET)], log=lines(*self.fall), stalled=[(9_300, 9_700)],
                   unexplained=[(15_001, "connection: Connection reset by peer (0 ms of stalls)")])

    def test_without_a_change_of_the_next_hops_it_explains_only_what_is_open_at_that_moment(self):
        # The next complete route is that of a later fault.
        self.check([(BFD_FALLS, "n1", 1, 0, 0), ("drain and undrain", "n1", 0, 0, 0)], [fault("drain and undrain", 12_000)],
                   [(12_100, [N2.address]), (12_500, BOTH)], [(9_990, 10_010, RESET), (11_000, 11_001, RESET)],
                   log=lines(*self.fall), stalled=[(9_300, 9_700)],
                   unexplained=[(11_000, "connection: Connection reset by peer (0 ms of stalls)")])

    def test_a_fault_brings_its_own(self):
        self.check([("the link is cut", "n1", 0, 0, 0)], [fault("the link is cut", 9_000, noticed=13_100)], self.hops,
                   log=lines(*self.fall))

    def test_but_not_those_of_the_other_node(self):
        self.check([("the link is cut", "n2", 0, 0, 0), (BFD_FALLS, "n1", 0, 0, 0)], [fault("the link is cut", 9_000, "n2")],
                   self.hops, log=lines(*self.fall),
                   unexplained=[(10_000, "BFD goes down by itself, with 0 ms of stalls in the 800 ms before")])

    def test_nor_those_that_come_after_everything_was_back(self):
        self.check([("the link is cut", "n1", 0, 0, 0), (BFD_FALLS, "n1", 0, 0, 0)],
                   [fault("the link is cut", 5_000, over=6_000, noticed=40_000)], self.hops, log=lines(*self.fall),
                   unexplained=[(10_000, "BFD goes down by itself, with 0 ms of stalls in the 800 ms before")])

    def test_nor_another_kind(self):
        log = [Line(10_000 * MS, "n1 bgpvip", "VIP is unhealthy vip=10.255.0.1")]
        self.check([("the link is cut", "n1", 0, 0, 0), (CHECK_FAILS, "n1", 0, 0, 0)], [fault("the link is cut", 9_000)],
                   [(10_020, [N2.address]), (11_000, BOTH)], log=log,
                   unexplained=[(10_000, "a check fails by itself, with 0 ms of stalls in the 1500 ms before")])

    def test_both_ends_log_one_fall(self):
        log = [*lines(*self.fall), Line(10_500 * MS, "n1 bgpvip", "BFD says that the path is down; reason=x peer=10.0.1.1")]
        self.check([(BFD_FALLS, "n1", 0, 0, 0)], [], self.hops, log=log, stalled=[(9_300, 9_700)])

    def test_a_lapse_of_one_node_does_not_explain_that_the_other_goes(self):
        self.check([(BFD_FALLS, "n1", 0, 0, 0)], [], [(10_010, [N1.address]), (13_000, BOTH)], [(12_000, 12_001, RESET)],
                   log=lines(*self.fall), stalled=[(9_300, 9_700)],
                   unexplained=[(12_000, "connection: Connection reset by peer (0 ms of stalls)"),
                                (10_010, f"next hops {[N1.address]}"), (13_000, f"next hops {BOTH}")])

    def lapsed(self, expected, *hops, stalled=()):
        """A fall with a connection that fails at 11.5 s."""
        self.check([(BFD_FALLS, "n1", 1, 0, 0)], [], hops, [(11_500, 11_501, RESET)], log=lines(*self.fall),
                   stalled=[(9_300, 9_700), *stalled], unexplained=expected)

    def test_the_log_may_be_later_than_the_effect(self):
        self.lapsed([], (9_950, [N2.address]), (13_000, BOTH))

    def test_the_effect_comes_within_a_second_and_stalls(self):
        self.lapsed([], (11_000, [N2.address]), (13_000, BOTH))
        self.lapsed([], (11_100, [N2.address]), (13_000, BOTH), stalled=[(10_100, 10_200)])

    def test_stalls_make_the_five_seconds_longer(self):
        self.lapsed([], (10_010, [N2.address]), (15_100, BOTH), stalled=[(12_000, 12_100)])

    def test_what_the_programs_log(self):
        log = [Line(1, "bird", BIRD_FALLS),
               Line(2, "frr", "BFD: state-change: [mhop:no peer:10.0.2.2 local:10.0.2.1 vrf:default] up -> down reason:x"),
               Line(3, "frr", "BFD: state-change: [mhop:no peer:10.0.2.2 local:10.0.2.1 vrf:default] down -> up"),
               Line(4, "n1 bgpvip", "warning: BFD says that the path is down; closing peer=10.0.2.1"),
               Line(5, "n2 bgpvip", "warning: VIP is unhealthy vip=10.255.0.1"), Line(6, "n2 bgpvip", "VIP is healthy")]
        self.assertEqual([(1, BFD_FALLS, "n1"), (2, BFD_FALLS, "n2"), (4, BFD_FALLS, "n2"), (5, CHECK_FAILS, "n2")],
                         list(lapses(log, NODES)))


class PartTests(unittest.TestCase):
    """The parts of the account."""

    def test_stalls_that_touch_or_overlap_are_one(self):
        found = Stalls(stalls((50, 60), (0, 20), (10, 30), (30, 40), (5, 8)))
        self.assertEqual([[0, 40 * MS], [50 * MS, 60 * MS]], found.periods)
        self.assertEqual((50 * MS, 15 * MS, 0, 0), (
            found.within(0, 100 * MS), found.within(30 * MS, 55 * MS), found.within(40 * MS, 50 * MS),
            found.within(55 * MS, 30 * MS)))
        self.assertEqual(
            "the machine stalled 2 times for more than 10 ms, 0.1 s in all, 40 ms at the longest", str(found))
        self.assertEqual("the machine stalled 0 times for more than 10 ms, 0.0 s in all, 0 ms at the longest", str(Stalls([])))

    def test_when_the_next_hops_are_complete_for_a_while(self):
        hops = NextHops(changes((1_000, NONE), (2_000, BOTH), (3_500, [N1.address]), (5_000, BOTH)), NODES, Stalls([]))
        self.assertEqual([-501, 5_000, 5_000, 5_000, 5_500],
                         [hops.whole(at * MS) // MS for at in (-501, -500, 1_500, 3_000, 5_500)])
        never = NextHops(changes((1_000, NONE)), NODES, Stalls([]))
        self.assertEqual(2_000, never.whole(2_000 * MS) // MS)

    def test_what_goes_into_the_file_of_an_event(self):
        event = Event("reload", 10_000 * MS)
        event.unexplained += lines((12_000, "b"), (11_000, "a"))
        log = lines((6_000, "too early"), (6_001, "first"), (13_999, "last"), (14_000, "too late"))
        self.assertEqual(["first", "a", "b", "last"], [line.text for line in around(event, log)])

    def test_only_the_beginning_and_a_reload_move_nothing(self):
        self.assertEqual([BEGINNING, "reload"], [name for name, kind in KINDS.items() if not kind.moves])
