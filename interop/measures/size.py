"""What each dependency adds to the binary: sums of the sizes of symbols in a build with symbols.

Counts code and data, not the zero-filled part, each address once. Swift symbols are put down to the module that their
name begins with; generic code of one module that another specialised counts for the first.
"""

import collections
import re
import subprocess

BUILD_ENVIRONMENT = {"SYMBOLS": "1"}
# Which modules a dependency consists of.
MODULES = {
    "swift-nio": "NIOCore NIOPosix NIOHTTP1 NIOEmbedded NIOTLS _NIODataStructures _NIOBase64 NIOConcurrencyHelpers "
                 "NIOFoundationEssentialsCompat",
    "swift-nio-ssl": "NIOSSL",
    "swift-argument-parser": "ArgumentParser ArgumentParserToolInfo",
    "FoundationEssentials": "FoundationEssentials _FoundationCollections",
    "swift-collections, swift-atomics, swift-system": "DequeModule InternalCollectionsUtilities Collections "
        "OrderedCollections HashTreeCollections BitCollections HeapModule BasicContainers ContainersPreview Atomics "
        "SystemPackage",
    "bgpvip": "bgpvip Advertising BFD BFDTransport BGPFSM BGPTransport BGPWire ControlSocket Daemon Deadlines Health "
              "HealthProbes IPTypes Netlink Settings SpeakerCore Wording",
    "Swift: regular expressions": "_RegexParser _StringProcessing RegexBuilder",
}
DEPENDENCY = {module: name for name, modules in MODULES.items() for module in modules.split()}
# C and C++: a mark in the name.
MARKS = (
    (r"CNIOBoringSSL|bssl", "BoringSSL (in swift-nio-ssl)"),
    (r"llhttp|CNIO|c_nio", "swift-nio"),
    (r"^yaml_", "libyaml"),
    (r"dispatch|^\$s8Dispatch", "Swift: libdispatch"),
    (r"^\$s|[sS]wift", "Swift: standard library and runtime"),
)


def add_arguments(parser):
    """The options."""


def run(binary, options):
    """Prints the table; True if the binary has symbols."""
    sums, seen = collections.Counter(), set()
    for line in subprocess.run(["nm", "-S", binary], capture_output=True, text=True, check=True).stdout.splitlines():
        address, size, kind, name = (line.split(" ", 3) + [""] * 3)[:4]
        if not name or kind in "bB" or address in seen:
            continue
        seen.add(address)
        sums[dependency(name)] += int(size, 16)
    for name, size in sums.most_common():
        print(f"{size:>9}  {name}")
    print(f"{sum(sums.values()):>9}  in all")
    return bool(sums)


def dependency(name):
    """Where a symbol comes from."""
    swift = re.match(r"\$s(\d+)", name)
    if swift and int(swift[1]) > 1:
        module = name[swift.end():swift.end() + int(swift[1])]
        if module in DEPENDENCY:
            return DEPENDENCY[module]
    for mark, owner in MARKS:
        if re.search(mark, name):
            return owner
    return "C and C++ libraries (glibc, libstdc++)"
