"""Builds the packages of Meed: a wheel, an npm package, a Debian package and archives, all with the same program inside.

Needs Python 3.9 or later, npm, dpkg-deb and the Rust toolchain; what else it needs it installs into a virtual environment in
the folder of builds. The program is linked for glibc 2.17 (manylinux2014, x86-64); the archive for musl has a program that needs no library
at all. Nothing is published: the packages are files in `--out`.
"""

import argparse
import gzip
import hashlib
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
GLIBC = "x86_64-unknown-linux-gnu"
MUSL = "x86_64-unknown-linux-musl"
SHELLS = {"bash": "meed", "zsh": "_meed", "fish": "meed.fish"}


def run(*words, **options):
    """Runs a command that must end well, and gives what it prints."""
    words = [str(word) for word in words]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)}: ended with {done.returncode}\n{done.stdout}")
    return done.stdout


class Build:
    """The builds of one commit."""

    def __init__(self, out: pathlib.Path, scratch: pathlib.Path):
        self.out, self.scratch = out, scratch
        metadata = json.loads(run("cargo", "metadata", "--format-version=1", "--no-deps", cwd=ROOT))
        self.version = next(package["version"] for package in metadata["packages"] if package["name"] == "meed-cli")
        # The same commit gives the same times in archives.
        self.day = int(os.environ.get("SOURCE_DATE_EPOCH") or run("git", "log", "-1", "--format=%ct", cwd=ROOT))
        self.env = {**os.environ, "SOURCE_DATE_EPOCH": str(self.day), "CARGO_TARGET_DIR": str(scratch / "target")}

    def tools(self) -> pathlib.Path:
        """The folder of the tools, in an environment of their own."""
        tools = self.scratch / "tools"
        if not (tools / "bin/maturin").exists():
            run(sys.executable, "-m", "venv", tools)
            run(tools / "bin/pip", "install", "--quiet", "-r", HERE / "requirements.txt")
        return tools / "bin"

    def wheel(self, target: str, tag: str) -> pathlib.Path:
        """Builds a wheel; what is in its `data` folder goes with it."""
        place = self.scratch / "wheels" / target
        shutil.rmtree(place, ignore_errors=True)
        tools = self.tools()
        env = {**self.env, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}
        words = ["build", "--zig", "--target", target, "--compatibility", tag, "--out", place]
        run(tools / "maturin", *words, cwd=HERE / "python", env=env)
        (wheel,) = place.glob("*.whl")
        return wheel

    def program(self, wheel: pathlib.Path, target: str) -> pathlib.Path:
        """The program of a wheel."""
        program = self.scratch / "programs" / target / "meed"
        program.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(wheel) as files:
            program.write_bytes(files.read(f"meed-{self.version}.data/scripts/meed"))
        program.chmod(0o755)
        return program

    def share(self, program: pathlib.Path) -> pathlib.Path:
        """Manual pages and completions, as the program writes them: a folder like `/usr/share`."""
        share = self.scratch / "share"
        shutil.rmtree(share, ignore_errors=True)
        run(program, "man", share / "man/man1")
        places = {"bash": "bash-completion/completions", "zsh": "zsh/vendor-completions", "fish": "fish/vendor_completions.d"}
        for shell, name in SHELLS.items():
            place = share / places[shell] / name
            place.parent.mkdir(parents=True)
            place.write_text(run(program, "completions", shell))
        return share

    def npm(self, program: pathlib.Path, share: pathlib.Path):
        """Builds the npm package."""
        place = self.scratch / "npm"
        shutil.rmtree(place, ignore_errors=True)
        (place / "bin").mkdir(parents=True)
        shutil.copy2(program, place / "bin/meed")
        shutil.copy2(HERE / "npm/README.md", place)
        shutil.copytree(share / "man/man1", place / "man")
        shutil.copytree(share, place / "completions", ignore=shutil.ignore_patterns("man"))
        about = {
            "name": "meed",
            "version": self.version,
            "description": "Partner incentives to the exact cent: a language, a checker and an engine",
            "license": "MIT OR Apache-2.0",
            "bin": {"meed": "bin/meed"},
            "man": [f"man/{page.name}" for page in sorted((place / "man").iterdir())],
            "files": ["bin", "man", "completions"],
            "os": ["linux"],
            "cpu": ["x64"],
            "libc": ["glibc"],
        }
        (place / "package.json").write_text(json.dumps(about, indent=2) + "\n")
        run("npm", "pack", "--silent", "--pack-destination", self.out, cwd=place, env=self.env)

    def deb(self, program: pathlib.Path, share: pathlib.Path):
        """Builds the Debian package."""
        root = self.scratch / "deb"
        shutil.rmtree(root, ignore_errors=True)
        (root / "usr/bin").mkdir(parents=True)
        (root / "DEBIAN").mkdir()
        shutil.copy2(program, root / "usr/bin/meed")
        shutil.copytree(share, root / "usr/share", ignore=shutil.ignore_patterns("man1"))
        pages = root / "usr/share/man/man1"
        pages.mkdir(parents=True)
        for page in sorted((share / "man/man1").iterdir()):
            packed = io.BytesIO()
            with gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0) as file:
                file.write(page.read_bytes())
            (pages / f"{page.name}.gz").write_bytes(packed.getvalue())
        doc = root / "usr/share/doc/meed"
        doc.mkdir(parents=True)
        (doc / "copyright").write_text("Meed is licensed under MIT or Apache-2.0, as you choose.\n")
        size = sum(path.stat().st_size for path in root.rglob("*") if path.is_file()) // 1024
        control = (HERE / "debian/control").read_text().format(version=self.version, size=size)
        (root / "DEBIAN/control").write_text(control)
        file = self.out / f"meed_{self.version}_amd64.deb"
        run("dpkg-deb", "--build", "--root-owner-group", root, file, env=self.env)

    def archive(self, name: str, program: pathlib.Path, share: pathlib.Path):
        """Packs the program with its pages and completions."""
        folder = f"meed-{self.version}-{name}"
        files = {f"{folder}/bin/meed": program}
        files |= {f"{folder}/share/{path.relative_to(share)}": path for path in sorted(share.rglob("*")) if path.is_file()}
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for inside, path in files.items():
                about = tarfile.TarInfo(inside)
                about.size, about.mtime = path.stat().st_size, self.day
                about.mode = 0o755 if path == program else 0o644
                with path.open("rb") as file:
                    archive.addfile(about, file)
        target = self.out / f"{folder}.tar.gz"
        with target.open("wb") as out, gzip.GzipFile(filename="", mode="wb", fileobj=out, mtime=self.day) as file:
            file.write(packed.getvalue())

    def all(self, with_musl: bool):
        """Builds all packages."""
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir(parents=True)
        data = HERE / "python/meed.data"
        shutil.rmtree(data, ignore_errors=True)
        (data / "data").mkdir(parents=True)
        try:
            # Pages and completions are written by the program, and then are in the wheel with it: what is compiled is not compiled again.
            program = self.program(self.wheel(GLIBC, "manylinux2014"), GLIBC)
            share = self.share(program)
            shutil.copytree(share, data / "data/share")
            shutil.copy2(self.wheel(GLIBC, "manylinux2014"), self.out)
            if with_musl:
                wheel = self.wheel(MUSL, "musllinux_1_2")
                shutil.copy2(wheel, self.out)
                self.archive("linux-x64-musl", self.program(wheel, MUSL), share)
        finally:
            shutil.rmtree(data)
        self.npm(program, share)
        self.deb(program, share)
        self.archive("linux-x64", program, share)
        self.tell(program)

    def tell(self, program: pathlib.Path):
        """Says how large everything is, and how long the program takes to say its version."""
        starts = []
        for _ in range(21):
            begun = time.perf_counter()
            version = run(program, "--version").strip()
            starts.append(time.perf_counter() - begun)
        print(f"{version}: {program.stat().st_size / 1e6:.1f} MB, starts in {sorted(starts)[10] * 1e3:.1f} ms")
        for file in sorted(self.out.iterdir()):
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            print(f"{digest}  {file.stat().st_size / 1e6:5.1f} MB  {file.name}")


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--out", type=pathlib.Path, default=ROOT / "target/packages/out", help="the folder of the packages")
    options.add_argument("--scratch", type=pathlib.Path, default=ROOT / "target/packages", help="the folder of builds")
    options.add_argument("--without-musl", action="store_true", help="build nothing for musl")
    chosen = options.parse_args()
    Build(chosen.out.resolve(), chosen.scratch.resolve()).all(not chosen.without_musl)


if __name__ == "__main__":
    main()
