"""The software bill of materials: SPDX 2.3 as JSON, from the resolved packages."""

import hashlib
import json
import subprocess
import time

APACHE = "Apache-2.0"
# What the static binary has besides: from the Swift toolchain and from Debian's static archives.
FROM_SYSTEM = [
    ("glibc", "libc6-dev", "LGPL-2.1-or-later", "https://sourceware.org/git/glibc.git"),
    ("libyaml", "libyaml-dev", "MIT", "https://github.com/yaml/libyaml"),
    ("libstdc++", "libstdc++-12-dev", "GPL-3.0-or-later WITH GCC-exception-3.1", "https://gcc.gnu.org/git/gcc.git"),
]


def document(resolved, binary, version, swift, epoch):
    """The document's text."""
    digest = hashlib.sha256(binary).hexdigest()
    packages = [package("bgpvip", version, APACHE, "NOASSERTION", primaryPackagePurpose="APPLICATION")]
    packages[0]["checksums"] = [{"algorithm": "SHA256", "checksumValue": digest}]
    for pin in sorted(json.loads(resolved)["pins"], key=lambda pin: pin["identity"]):
        state = pin["state"]
        where = f"git+{pin['location']}@{state['revision']}"
        packages.append(package(pin["identity"], state.get("version", state["revision"]), APACHE, where))
        packages[-1]["externalRefs"] = [{
            "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
            "referenceLocator": purl(pin["location"], state.get("version", state["revision"])),
        }]
    packages.append(package(
        "swift", swift, f"{APACHE} WITH Swift-exception", "https://github.com/swiftlang/swift"))
    for name, debian, licence, where in FROM_SYSTEM:
        packages.append(package(name, installed(debian), licence, where))
    root = packages[0]["SPDXID"]
    return json.dumps({
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"bgpvip-{version}", "documentNamespace": f"https://spdx.org/spdxdocs/bgpvip-{version}-{digest[:32]}",
        "creationInfo": {
            "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch)), "creators": ["Tool: interop/package"],
        },
        "packages": packages,
        "relationships": [relation("SPDXRef-DOCUMENT", "DESCRIBES", root)] + [
            relation(root, "STATIC_LINK", one["SPDXID"]) for one in packages[1:]],
    }, indent=2) + "\n"


def package(name, version, licence, where, **more):
    """One package."""
    identifier = "".join(c if c.isalnum() else "-" for c in name)
    return {
        "SPDXID": f"SPDXRef-{identifier}", "name": name, "versionInfo": version, "downloadLocation": where,
        "filesAnalyzed": False, "licenseConcluded": licence, "licenseDeclared": licence,
        "copyrightText": "NOASSERTION", **more,
    }


def relation(one, kind, other):
    """One relationship."""
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}


def purl(location, version):
    """The package URL of a Swift package."""
    return f"pkg:swift/{location.removeprefix('https://').removesuffix('.git')}@{version}"


def installed(name):
    """The version of a Debian package on this machine."""
    try:
        answer = subprocess.run(
            ["dpkg-query", "--show", "--showformat", "${Version}", name], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "NOASSERTION"
    return answer.stdout.strip() or "NOASSERTION"
