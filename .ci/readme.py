#!/usr/bin/env python3
"""Runs the README's commands one after the other in a fresh clone: what stands in its ```sh blocks, each as it is.

The clone shares this checkout's target directory, so that what both need is built once. A line that starts the server is left running until the end; the next line waits until it answers. Other fences hold
what needs an account or a browser and are not run.
"""

import re
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
CLONE = HERE / "target/readme"
HEALTH = "http://127.0.0.1:8080/health"
SERVERS = ("cargo run --release", "rasterzen serve")
# What comes before a line of the same block and stays true for those after it, as in one terminal.
SETTINGS = ("export ", "cd ")


def wait_for_server(process):
    for _ in range(1200):
        if process.poll() is not None:
            sys.exit(f"the server ended with {process.returncode}")
        try:
            with urllib.request.urlopen(HEALTH, timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.5)
    sys.exit("the server did not start")


def main():
    shutil.rmtree(CLONE, ignore_errors=True)
    subprocess.run(["git", "clone", "--quiet", HERE, CLONE], check=True)
    (CLONE / "target").symlink_to(HERE / "target")
    # What the tests read where it lies beside the checkout, lies beside the clone too.
    shared, beside = HERE.parent / "shared", CLONE.parent / "shared"
    if shared.is_dir() and not beside.exists():
        beside.symlink_to(shared)
    readme = (CLONE / "README.md").read_text()
    settings, server = [], None
    try:
        for block in re.findall(r"^```sh\n(.*?)^```", readme, re.DOTALL | re.MULTILINE):
            for line in filter(None, block.splitlines()):
                print(f"$ {line}", flush=True)
                if line.startswith(SETTINGS):
                    settings.append(line)
                    continue
                script = "\n".join(["set -e", *settings, line if line not in SERVERS else f"exec {line}"])
                if line in SERVERS:
                    server = subprocess.Popen(["bash", "-c", script], cwd=CLONE)
                    wait_for_server(server)
                elif subprocess.run(["bash", "-c", script], cwd=CLONE).returncode != 0:
                    sys.exit(f"this failed: {line}")
    finally:
        if server:
            server.terminate()
            server.wait()


main()
