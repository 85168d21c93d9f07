# SPDX-License-Identifier: Apache-2.0
"""hello_nginx.py PROGRAM FOLDER: becomes nginx with `return 200` in one worker, on a port that it prints first.

nginx takes no port 0, so that the socket is opened here and handed over. FOLDER is for what nginx writes.
"""

import os
import socket
import sys

CONFIGURATION = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    default_type "text/plain; charset=utf-8";
    location / {{ return 200 "hello"; }}
  }}
}}
"""


def main(program, folder):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen(511)  # nginx's own backlog
    listener.set_inheritable(True)
    port = listener.getsockname()[1]
    path = os.path.join(folder, "nginx.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(CONFIGURATION.format(folder=folder, port=port))
    print(port, flush=True)
    # What nginx hands to its successor when it is upgraded: the descriptors that listen.
    os.environ["NGINX"] = f"{listener.fileno()};"
    os.execv(program, [program, "-p", folder, "-e", "stderr", "-c", path])


main(*sys.argv[1:])
