"""The cluster's certificates, the same on every host."""

DIRECTORY = "/run/kubernetes/pki"
FILES = ("ca.crt", "server.crt", "server.key", "admin.crt", "admin.key", "sa.key", "sa.pub")
SCRIPT = """\
set -e
mkdir -p {directory} && cd {directory}
key="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
openssl req -x509 $key -subj /CN=kubernetes -addext keyUsage=critical,keyCertSign,cRLSign -keyout ca.key -out ca.crt
sign() {{
    openssl req $key -subj "$2" -keyout $1.key -out $1.csr
    printf "authorityKeyIdentifier=keyid\\n$3" > $1.ext
    openssl x509 -req -days 2 -in $1.csr -CA ca.crt -CAkey ca.key -CAcreateserial -extfile $1.ext -out $1.crt
}}
sign server /CN=kube-apiserver 'subjectAltName={names}\\nextendedKeyUsage=serverAuth,clientAuth\\n'
sign admin /O=system:masters/CN=admin 'extendedKeyUsage=clientAuth\\n'
openssl genrsa -out sa.key 2048
openssl rsa -in sa.key -pubout -out sa.pub
"""


def distribute(hosts, addresses):
    """Makes the certificates on the first host, for servers with these addresses, and copies them to the others."""
    first, *others = hosts
    names = ",".join(["DNS:kubernetes", *[f"IP:{address}" for address in addresses]])
    first.shell(SCRIPT.format(directory=DIRECTORY, names=names))
    texts = {name: first.run("cat", f"{DIRECTORY}/{name}") for name in FILES}
    for host in others:
        host.run("mkdir", "-p", DIRECTORY)
        for name, text in texts.items():
            host.write(f"{DIRECTORY}/{name}", text)
