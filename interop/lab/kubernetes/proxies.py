"""HAProxy and nginx in front of API servers, configured as docs/kubernetes.md has it."""

from lab.kubernetes.daemon import Daemon

HAPROXY = """\
global
    maxconn 4096
defaults
    mode tcp
    timeout connect 500ms
    timeout client 1h
    timeout server 1h
frontend apiserver
    bind *:6443
    default_backend apiservers
frontend health
    mode http
    bind 127.0.0.1:8404
    monitor-uri /healthz
    monitor fail if {{ nbsrv(apiservers) lt 1 }}
backend apiservers
    balance roundrobin
    option httpchk GET /readyz
    http-check expect status 200
    option redispatch 1
    default-server check check-ssl verify none inter 1s fastinter 500ms fall 2 rise 2 on-marked-down shutdown-sessions
{servers}
"""
NGINX = """\
worker_processes 2;
pid /run/lab/nginx-own.pid;
error_log /log/nginx-error.log;
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
events {{ worker_connections 4096; }}
stream {{
    upstream apiservers {{
        server 127.0.0.1:{port} max_fails=1 fail_timeout=2s;
{servers}
    }}
    server {{
        listen 6443 reuseport;
        proxy_pass apiservers;
        proxy_connect_timeout 500ms;
        proxy_timeout 1h;
    }}
}}
"""
HAPROXY_CHECK = "http://127.0.0.1:8404/healthz,tcp://127.0.0.1:6443"
# nginx goes back to its own API server as soon as that accepts a connection, ready or not: so both are asked.
NGINX_CHECK = "https://127.0.0.1:6443/readyz,https://127.0.0.1:6444/readyz"


def haproxy(host, servers):
    """HAProxy on a host, in front of servers by address and port."""
    lines = "\n".join(f"    server s{number} {server}" for number, server in enumerate(servers))
    host.write("/run/lab/haproxy.conf", HAPROXY.format(servers=lines))
    return Daemon(host, "haproxy", "haproxy", "-db", "-f", "/run/lab/haproxy.conf")


def nginx(host, servers, port):
    """nginx on a host: its own API server first, the others if that refuses."""
    lines = "\n".join(f"        server {server} max_fails=1 fail_timeout=2s backup;" for server in servers)
    host.write("/run/lab/nginx.conf", NGINX.format(servers=lines, port=port))
    return Daemon(host, "nginx", "nginx", "-g", "daemon off;", "-c", "/run/lab/nginx.conf")
