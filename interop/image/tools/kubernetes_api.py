"""A Kubernetes API server as far as bgpvip uses one, for labs without a real one.

Speaks HTTP/1.1 in TLS in the form that kube-apiserver 1.35 was seen to use: lists in pages, watches as JSON lines in
chunks with bookmarks, 410 as answer and as event, a watch from a future version that is silent, 409 for what exists or
has changed, 422 for another UID, apply on `/status`, deletion with preconditions.

Besides, for the lab: POST /lab/compact forgets all history, /lab/cut ends all watches, /lab/mute and /lab/unmute
silence them, /lab/overload?seconds=N answers 429 for that time, /lab/restore goes back to an older version number,
/lab/save writes all objects to the file STATE, which the next process reads; its process id is in the file pid beside it.
Usage: kubernetes_api.py PORT CERTIFICATE KEY [TOKEN [STATE]]
"""

import base64
import datetime
import http.server
import json
import os
import queue
import socketserver
import ssl
import sys
import threading
import time
import urllib.parse
import uuid

KINDS = {
    "services": ("", "v1", "Service"), "nodes": ("", "v1", "Node"),
    "endpointslices": ("discovery.k8s.io", "discovery.k8s.io/v1", "EndpointSlice"),
    "leases": ("coordination.k8s.io", "coordination.k8s.io/v1", "Lease"),
    "events": ("events.k8s.io", "events.k8s.io/v1", "Event"),
}
BOOKMARKS_EVERY = 60


class Refusal(Exception):
    """An answer of the kind Status."""

    def __init__(self, code, reason, message, headers=()):
        super().__init__(message)
        self.code, self.reason, self.headers = code, reason, headers

    def status(self):
        """The object."""
        return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": str(self),
                "reason": self.reason, "code": self.code}


class Store:
    """All objects, the history of their changes, and who watches."""

    def __init__(self):
        self.lock = threading.RLock()
        self.version = 1
        self.oldest = 1
        self.objects = {plural: {} for plural in KINDS}
        self.history = []
        self.watches = []
        self.is_mute = False
        self.overload_ends = 0.0

    def save(self, path):
        """Writes all objects to a file."""
        objects = [[plural, key, item] for plural, its in self.objects.items() for key, item in its.items()]
        with open(path, "w", encoding="utf-8") as file:
            json.dump([self.version, objects], file)

    def load(self, path):
        """Takes over what another process has saved; without its history."""
        with open(path, encoding="utf-8") as file:
            self.version, objects = json.load(file)
        self.oldest = self.version
        for plural, key, item in objects:
            self.objects[plural][tuple(key)] = item

    def put(self, plural, key, item, event=None):
        """Stores a new state of an object; None deletes it."""
        with self.lock:
            self.version += 1
            before = self.objects[plural].get(key)
            event = event or ("DELETED" if item is None else "MODIFIED" if before else "ADDED")
            shown = json.loads(json.dumps(item or before))
            shown["metadata"]["resourceVersion"] = str(self.version)
            if item is None:
                del self.objects[plural][key]
            else:
                self.objects[plural][key] = shown
            self.history.append((self.version, plural, event, shown))
            for watch in self.watches:
                watch.put((self.version, plural, event, shown))
            return shown


def matches(query, item):
    """True if the selectors of a request choose this object."""
    labels = item["metadata"].get("labels", {})
    selector = query.get("labelSelector", "")
    if " in (" in selector:
        name, values = selector[:-1].split(" in (")
        return labels.get(name) in values.split(",")
    if selector:
        name, value = selector.split("=")
        return labels.get(name) == value
    if "fieldSelector" in query:
        return item["metadata"]["name"] == query["fieldSelector"].removeprefix("metadata.name=")
    return True


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle_request(self):
        """Any request."""
        parts = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(parts.query))
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            if parts.path.startswith("/lab/"):
                return self.answer(200, self.lab(parts.path[5:], query))
            if self.server.token and self.headers.get("Authorization") != f"Bearer {self.server.token}":
                raise Refusal(401, "Unauthorized", "Unauthorized")
            left = self.server.store.overload_ends - time.monotonic()
            if left > 0:
                raise Refusal(429, "TooManyRequests", "too many requests, please try again later",
                              [("Retry-After", str(int(left) + 1))])
            self.serve(parts.path, query, json.loads(body) if body else None)
        except Refusal as refusal:
            self.answer(refusal.code, refusal.status(), refusal.headers)
        return None

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_request

    def serve(self, path, query, body):
        """A request for objects."""
        words = path.strip("/").split("/")
        words = words[2:] if words[0] == "api" else words[3:]
        namespace = ""
        if words[0] == "namespaces":
            namespace, words = words[1], words[2:]
        plural, words = words[0], words[1:]
        if plural not in KINDS:
            raise Refusal(404, "NotFound", "the server could not find the requested resource")
        if not words and self.command == "POST":
            self.create(plural, namespace, body)
        elif not words and query.get("watch") == "true":
            self.watch(plural, namespace, query)
        elif not words:
            self.list(plural, namespace, query)
        else:
            self.one(plural, (namespace, words[0]), words[1:], body)

    def lab(self, word, query):
        """What the lab does to the server."""
        store = self.server.store
        with store.lock:
            if word == "compact":
                store.version += 1
                store.oldest = store.version
                store.history = []
            elif word == "cut":
                for watch in store.watches:
                    watch.put(None)
            elif word == "save":
                store.save(self.server.state)
            elif word == "restore":
                store.version = 1
                store.history = []
                for watch in store.watches:
                    watch.put(None)
            elif word in ("mute", "unmute"):
                store.is_mute = word == "mute"
            elif word == "overload":
                store.overload_ends = time.monotonic() + float(query["seconds"])
        return {"version": store.version}

    def create(self, plural, namespace, body):
        """A new object."""
        store = self.server.store
        with store.lock:
            name = body["metadata"]["name"]
            if (namespace, name) in store.objects[plural]:
                raise Refusal(409, "AlreadyExists", f'{plural} "{name}" already exists')
            now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
            body["metadata"] |= {"uid": str(uuid.uuid4()), "creationTimestamp": now}
            if namespace:
                body["metadata"]["namespace"] = namespace
            body |= {"kind": KINDS[plural][2], "apiVersion": KINDS[plural][1]}
            self.answer(201, store.put(plural, (namespace, name), body))

    def one(self, plural, key, words, body):
        """A request about one object."""
        store = self.server.store
        with store.lock:
            present = store.objects[plural].get(key)
            if not present:
                raise Refusal(404, "NotFound", f'{plural} "{key[1]}" not found')
            metadata = present["metadata"]
            if self.command == "GET":
                self.answer(200, present)
            elif self.command == "DELETE":
                conditions = (body or {}).get("preconditions", {})
                for name in ("uid", "resourceVersion"):
                    if conditions.get(name, metadata[name]) != metadata[name]:
                        raise Refusal(409, "Conflict", f"Precondition failed: {name} is {metadata[name]}")
                store.put(plural, key, None)
                self.answer(200, {"kind": "Status", "apiVersion": "v1", "status": "Success"})
            elif self.command == "PATCH" and words == ["status"]:
                if self.headers["Content-Type"] != "application/apply-patch+yaml":
                    raise Refusal(415, "UnsupportedMediaType", "the body of the request was in an unknown format")
                wanted = body["metadata"]
                if wanted.get("uid", metadata["uid"]) != metadata["uid"]:
                    raise Refusal(422, "Invalid", "metadata.uid: field is immutable")
                if wanted.get("resourceVersion", metadata["resourceVersion"]) != metadata["resourceVersion"]:
                    raise Refusal(409, "Conflict", "the object has been modified")
                changed = present | {"status": body["status"]}
                self.answer(200, present if changed == present else store.put(plural, key, changed))
            elif self.command == "PUT":
                body["metadata"] = metadata | body["metadata"]
                self.answer(200, store.put(plural, key, present | body))
            else:
                raise Refusal(405, "MethodNotAllowed", "the server does not allow this method")

    def list(self, plural, namespace, query):
        """All objects, or a page of them."""
        store = self.server.store
        with store.lock:
            start, version = 0, store.version
            if "continue" in query:
                version, start = json.loads(base64.b64decode(query["continue"]))
                if version < store.oldest:
                    raise Refusal(410, "Expired", "The provided continue parameter is too old")
            items = [item for key, item in sorted(store.objects[plural].items())
                     if namespace in ("", key[0]) and matches(query, item)]
        end = start + int(query.get("limit", len(items) or 1))
        metadata = {"resourceVersion": str(version)}
        if end < len(items):
            metadata |= {"continue": base64.b64encode(json.dumps([version, end]).encode()).decode(),
                         "remainingItemCount": len(items) - end}
        group, api, kind = KINDS[plural]
        self.answer(200, {"kind": f"{kind}List", "apiVersion": api, "metadata": metadata, "items": items[start:end]})

    def watch(self, plural, namespace, query):
        """What changes from a version on."""
        store, since = self.server.store, int(query["resourceVersion"])
        ends = time.monotonic() + float(query.get("timeoutSeconds", 1800))
        events = queue.Queue()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        with store.lock:
            is_future = since > store.version
            if since < store.oldest:
                self.line("ERROR", Refusal(410, "Expired", f"too old resource version: {since}").status())
                return self.chunk(b"")
            for event in store.history:
                if event[0] > since:
                    events.put(event)
            store.watches.append(events)
        try:
            bookmark_at = time.monotonic() + self.server.bookmarks_every
            while (now := time.monotonic()) < ends:
                try:
                    event = events.get(timeout=max(0, min(ends, bookmark_at) - now))
                except queue.Empty:
                    event = ()
                if event is None:
                    break
                if is_future or store.is_mute:
                    bookmark_at = now + self.server.bookmarks_every
                elif event:
                    version, changed, kind, item = event
                    key = item["metadata"].get("namespace", "")
                    if changed == plural and namespace in ("", key) and matches(query, item):
                        self.line(kind, item)
                elif time.monotonic() >= bookmark_at:
                    bookmark_at = time.monotonic() + self.server.bookmarks_every
                    self.line("BOOKMARK", {"kind": KINDS[plural][2], "apiVersion": KINDS[plural][1],
                                           "metadata": {"resourceVersion": str(store.version)}})
            self.chunk(b"")
        except OSError:
            self.close_connection = True
        finally:
            with store.lock:
                store.watches.remove(events)
        return None

    def line(self, kind, item):
        """An event of a watch."""
        self.chunk(json.dumps({"type": kind, "object": item}, separators=(",", ":")).encode() + b"\n")

    def chunk(self, data):
        """A chunk; an empty one ends the answer."""
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def answer(self, code, item, headers=()):
        """A whole answer."""
        body = json.dumps(item, separators=(",", ":")).encode() + b"\n"
        self.send_response(code)
        for name, value in [("Content-Type", "application/json"), ("Content-Length", str(len(body))), *headers]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *arguments):
        """Requests are of no interest."""


class Server(http.server.ThreadingHTTPServer):
    """A TLS server; each handshake runs in its connection's thread."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port, certificate, key, token=None, state=None, bookmarks_every=BOOKMARKS_EVERY):
        super().__init__(("", port), Handler)
        self.store, self.token, self.bookmarks_every, self.state = Store(), token, bookmarks_every, state
        if state and os.path.exists(state):
            self.store.load(state)
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.load_cert_chain(certificate, key)

    def server_bind(self):
        """Binds the address, without looking up a host name."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "kubernetes", self.server_address[1]

    def finish_request(self, request, client_address):
        """TLS first."""
        request.settimeout(600)
        with self.context.wrap_socket(request, server_side=True) as secure:
            self.RequestHandlerClass(secure, client_address, self)

    def handle_error(self, request, client_address):
        """Clients come and go."""


if __name__ == "__main__":
    SERVER = Server(int(sys.argv[1]), sys.argv[2], sys.argv[3], *sys.argv[4:6])
    if SERVER.state:
        with open(os.path.join(os.path.dirname(SERVER.state), "pid"), "w", encoding="ascii") as PID:
            PID.write(str(os.getpid()))
    SERVER.serve_forever()
