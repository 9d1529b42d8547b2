"""Proves that packages install and settle in roots that have nothing else: one with Python, one with Node.js, one with dpkg alone,
and one with nothing at all for the program that needs no library.

Each root is made by debootstrap (Debian bookworm), so that this needs root, debootstrap and a mirror of Debian; it is kept in the folder of roots, but
for the package, which is installed anew. In each the package is installed from its file without a network, `meed new --from quickstart`
makes the quickstart, `meed run` settles it, and the totals must be those in `examples/quickstart/expected`; the payments
must have one digest in all of them.
"""

import argparse
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXPECTED = ROOT / "examples/quickstart/expected/totals.csv"
RELEASE = "bookworm"
# Nothing of the machine's own environment is in the roots.
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": "/root", "LANG": "C.UTF-8"}


def run(*words, **options):
    """Runs a command that must end well, and gives what it prints."""
    words = [str(word) for word in words]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)}: ended with {done.returncode}\n{done.stdout}")
    return done.stdout


class Place:
    """A root of its own."""

    def __init__(self, roots: pathlib.Path, name: str, packages: list[str]):
        self.root = roots / name
        if not (self.root / ".ready").exists():
            shutil.rmtree(self.root, ignore_errors=True)
            include = [f"--include={','.join(packages)}"] if packages else []
            run("debootstrap", "--variant=minbase", *include, RELEASE, self.root)
            (self.root / ".ready").touch()
        for old in ("quickstart", "package"):
            shutil.rmtree(self.root / old, ignore_errors=True)
        (self.root / "package").mkdir()

    def take(self, file: pathlib.Path) -> str:
        """Copies a file into the root, and gives its path there."""
        shutil.copy2(file, self.root / "package")
        return f"/package/{file.name}"

    def run(self, *words):
        """Runs a command in the root, which has no network."""
        return run("unshare", "--net", "chroot", self.root, *words, env=ENVIRONMENT, cwd="/")


def settled(place: Place, meed: str) -> tuple[bool, str]:
    """Settles the quickstart, and gives whether its totals are right and the digest of its payments."""
    place.run(meed, "new", "/quickstart", "--from", "quickstart")
    place.run(meed, "run", "/quickstart")
    folder = place.root / "quickstart/payments"
    payments = hashlib.sha256((folder / "payments.csv").read_bytes()).hexdigest()
    return (folder / "totals.csv").read_bytes() == EXPECTED.read_bytes(), payments


def told(name: str, place: Place, file: pathlib.Path, install, meed: str, digests: set[str]) -> bool:
    """Installs a package and settles; says how long that took, and whether all is as it should be."""
    begun = time.perf_counter()
    install(place.take(file))
    installed = time.perf_counter()
    is_same, digest = settled(place, meed)
    ended = time.perf_counter()
    version = place.run(meed, "--version").strip()
    pages = [path for pattern in ("meed-run.1", "meed-run.1.gz") for path in place.root.rglob(pattern)]
    digests.add(digest)
    what = "totals as expected" if is_same else "OTHER TOTALS"
    without = "" if pages else ", NO MANUAL"
    print(f"{name}: {version}, installed in {installed - begun:.1f} s, settled in {ended - installed:.1f} s, {what}, payments {digest[:12]}{without}")
    return is_same and bool(pages) and len(digests) == 1


def with_npm(place: Place):
    """Puts npm into a root that has Node.js: Debian's own package of it has hundreds of others with it."""
    npm = pathlib.Path(run("npm", "root", "--global").strip()) / "npm"
    target = place.root / "usr/lib/node_modules/npm"
    if not target.exists():
        shutil.copytree(npm, target, symlinks=True)
    link = place.root / "usr/bin/npm"
    if not link.is_symlink():
        link.symlink_to("../lib/node_modules/npm/bin/npm-cli.js")


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    options.add_argument("packages", type=pathlib.Path, help="the folder that packages/build.py has filled")
    options.add_argument("--roots", type=pathlib.Path, default=ROOT / "target/packages/roots", help="the folder of roots")
    chosen = options.parse_args()
    if os.geteuid() != 0:
        sys.exit("roots are made and entered by root alone")
    chosen.roots.mkdir(parents=True, exist_ok=True)

    def package(pattern: str) -> pathlib.Path:
        found = sorted(chosen.packages.glob(pattern))
        if len(found) != 1:
            sys.exit(f"`{chosen.packages}` has {len(found)} files like {pattern}, and should have one")
        return found[0].resolve()

    results: list[bool] = []
    digests: set[str] = set()
    python = Place(chosen.roots, "python", ["python3", "python3-pip"])
    pip = ["python3", "-m", "pip"]
    python.run(*pip, "uninstall", "--yes", "--break-system-packages", "meed")

    def by_pip(file):
        python.run(*pip, "install", "--quiet", "--no-index", "--break-system-packages", file)

    results.append(told("Python", python, package("*manylinux2014*.whl"), by_pip, "/usr/local/bin/meed", digests))
    node = Place(chosen.roots, "node", ["nodejs"])
    with_npm(node)
    npm = ["npm", "--offline", "--no-audit", "--no-fund", "--no-update-notifier"]
    node.run(*npm, "uninstall", "--global", "meed")

    def by_npm(file):
        node.run(*npm, "install", "--global", file)

    results.append(told("Node.js", node, package("meed-*.tgz"), by_npm, "meed", digests))
    debian = Place(chosen.roots, "debian", [])
    debian.run("dpkg", "--purge", "meed")
    results.append(told("dpkg", debian, package("*.deb"), lambda file: debian.run("dpkg", "--install", file), "/usr/bin/meed", digests))
    archives = sorted(chosen.packages.glob("*linux-x64-musl.tar.gz"))
    if archives:
        bare = chosen.roots / "bare"
        shutil.rmtree(bare, ignore_errors=True)
        (bare / "tmp").mkdir(parents=True)
        (bare / ".ready").touch()
        nothing = Place(chosen.roots, "bare", [])

        def by_hand(file):
            with tarfile.open(bare / file.lstrip("/")) as archive:
                archive.extractall(bare / "opt", filter="data")
            (unpacked,) = (bare / "opt").iterdir()
            unpacked.rename(bare / "opt/meed")

        results.append(told("nothing", nothing, archives[0].resolve(), by_hand, "/opt/meed/bin/meed", digests))
    if not all(results):
        sys.exit(1)


if __name__ == "__main__":
    main()
