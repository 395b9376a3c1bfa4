"""nginx in front of a service, with the site of deploy/nginx.conf."""

import os
import shutil
import socket
import ssl
import subprocess

from tests.commands import wait_until
from tests.running_service import ROOT, free_port

NGINX = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
OPENSSL = shutil.which("openssl")
HOST = "wallets.example.com"
AROUND = """
pid {folder}/nginx.pid;
error_log {folder}/error.log;
{user}
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


class Nginx:
    """nginx with the site of deploy/nginx.conf, on ports of its own and with a new certificate."""

    def __init__(self, folder, service, *, allow="", real_ip=""):
        self.folder, self.http, self.https = folder, free_port(), free_port()
        key, certificate = folder / "key.pem", folder / "certificate.pem"
        subprocess.run(
            [OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-keyout", key,
             "-out", certificate, "-subj", f"/CN={HOST}"],
            check=True, capture_output=True,
        )  # fmt: skip
        site = (ROOT / "deploy" / "nginx.conf").read_text()
        live = f"/etc/letsencrypt/live/{HOST}"
        for ours, theirs in {
            "listen 80;": f"listen {self.http};",
            "listen [::]:80;": f"listen [::]:{self.http};",
            "listen 443 ssl": f"listen {self.https} ssl",
            "listen [::]:443 ssl": f"listen [::]:{self.https} ssl",
            f"server_name {HOST};": f"server_name {HOST}; {real_ip}",
            "127.0.0.1:8000": f"127.0.0.1:{service.port}",
            f"{live}/fullchain.pem": str(certificate),
            f"{live}/privkey.pem": str(key),
            "        deny all;\n": f"        {allow} deny all;\n",
        }.items():
            assert site.count(ours) == 1, ours
            site = site.replace(ours, theirs)
        (folder / "site.conf").write_text(site)
        # Where root runs the tests, the workers may not read their folder otherwise.
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(AROUND.format(folder=folder, user=user))
        command = [NGINX, "-p", folder, "-c", folder / "nginx.conf", "-g", "daemon off;"]
        with (folder / "stderr.log").open("wb") as stderr:
            self._process = subprocess.Popen(command, stderr=stderr)
        wait_until(self._answers)

    def _answers(self):
        assert self._process.poll() is None, (self.folder / "stderr.log").read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.https)) == 0

    def stop(self):
        self._process.terminate()
        self._process.wait(10)

    def ask(self, target, *lines, method="GET", body="", to="127.0.0.1", source=None, tls=True):
        """Send a request as it is written, and return its status, its head and its body."""
        port = self.https if tls else self.http
        text = "\r\n".join([f"{method} {target} HTTP/1.1", f"Host: {HOST}", *lines])
        text += f"\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        context = ssl.create_default_context(cafile=self.folder / "certificate.pem")
        context.check_hostname = False
        came_from = (source, 0) if source else None
        with socket.create_connection((to, port), 10, source_address=came_from) as plain:
            received = b""
            with context.wrap_socket(plain) if tls else plain as connection:
                connection.sendall(text.encode("latin-1"))
                while piece := connection.recv(65536):
                    received += piece
        head, _, rest = received.decode().partition("\r\n\r\n")
        return int(head.split()[1]), head, rest
