#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Round trip between the original torch-model-archiver and ours.

Usage: roundtrip.py LAUNCHER...

LAUNCHER is our archiver's command, for example "./torch-model-archiver" or "./sluice archive"; the original must be on
PATH as torch-model-archiver, or be named by the variable ORIGINAL_ARCHIVER. With "sluice archive" as LAUNCHER our list,
extract and verify read archives of both tools too; name that launcher in SLUICE_ARCHIVE when LAUNCHER is the alias.

Each case packs one model with both tools and compares the manifests (but for createdOn and archiverVersion), the names
and bytes of all files, and the exit codes. Each archive is read the way TorchServe reads it: a zip file from front to back
by its local headers, a tar file with its first name component dropped. Bad invocations must end with the same exit code.

Only the standard library is used. The last line is "N passed, N failed"; the exit code is 0 when nothing failed.
"""

import hashlib
import json
import os
import shlex
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib

MANIFEST = "MAR-INF/MANIFEST.json"
FORMATS = {"default": ".mar", "zip-store": ".mar", "tgz": ".tar.gz", "no-archive": ""}
TIMEOUT_SECONDS = 60


class Suite:
    """Counts checks and prints those that fail."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def check(self, ok, what, detail=""):
        if ok:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED {what}: {detail}", flush=True)
        return ok

    def equal(self, ours, theirs, what):
        return self.check(ours == theirs, what, f"ours {ours!r}, original {theirs!r}")


class Tool:
    """One archiver; the original stages in the temporary directory, so each tool gets its own."""

    def __init__(self, name, command, home):
        self.name = name
        self.command = command
        self.out = os.path.join(home, "out-" + name)
        self.tmp = os.path.join(home, "tmp-" + name)
        os.makedirs(self.out)
        os.makedirs(self.tmp)

    def run(self, args, cwd):
        env = dict(os.environ, TMPDIR=self.tmp)
        env.pop("SOURCE_DATE_EPOCH", None)
        result = subprocess.run(
            self.command + args, cwd=cwd, env=env, capture_output=True, text=True, timeout=TIMEOUT_SECONDS
        )
        return result

    def fresh_output(self):
        shutil.rmtree(self.out)
        os.makedirs(self.out)
        return self.out


def write(path, content=b""):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)


def make_inputs(root):
    """The model the cases pack, with everything the archiver skips or flattens."""
    write(os.path.join(root, "model.py"), b"class Model: pass\n")
    write(os.path.join(root, "handler.py"), b"def handle(data, context):\n    return data\n")
    write(os.path.join(root, "src", "nested_handler.py"), b"def handle(data, context):\n    return data\n")
    write(os.path.join(root, "weights.pt"), os.urandom(70_000) + bytes(200_000))
    write(os.path.join(root, "requirements.txt"), b"numpy\n")
    write(os.path.join(root, "config", "model-config.yaml"), b"minWorkers: 1\n")
    write(os.path.join(root, "index_to_name.json"), b'{"0": "zero"}')
    write(os.path.join(root, "empty.txt"))
    write(os.path.join(root, "native.so"), b"\x7fELF")
    write(os.path.join(root, "extra", "top.txt"), b"top")
    write(os.path.join(root, "extra", ".hidden_file"), b"kept")
    write(os.path.join(root, "extra", "sub", "deep", "leaf.bin"), bytes(range(256)))
    write(os.path.join(root, "extra", ".git", "config"), b"skipped")
    write(os.path.join(root, "extra", "__pycache__", "x.pyc"), b"skipped")
    write(os.path.join(root, "extra", "sub", "__MACOSX", "x"), b"skipped")
    write(os.path.join(root, "more", "a1.txt"), b"a1")
    write(os.path.join(root, "more", "a2.txt"), b"a2")
    write(os.path.join(root, "more", "b1.dat"), b"b1")
    write(os.path.join(root, "more", ".dotfile.txt"), b"dot")
    write(os.path.join(root, "weights_again", "weights.pt"), b"other bytes")
    write(os.path.join(root, "not_a_directory"), b"")
    os.symlink("top.txt", os.path.join(root, "extra", "link.txt"))


GOOD = {
    "built-in handler": ["--handler", "image_classifier"],
    "handler without suffix": ["--handler", "handler"],
    "handler with suffix": ["--handler", "handler.py"],
    "handler with function": ["--handler", "handler:handle"],
    "handler in a directory": ["--handler", "src/nested_handler:handle"],
    "every file flag": [
        "--handler", "handler.py", "--serialized-file", "weights.pt", "--model-file", "model.py",
        "-r", "requirements.txt", "-c", "config/model-config.yaml",
    ],
    "long file flags": [
        "--handler=handler.py", "--serialized-file=weights.pt", "--requirements-file=requirements.txt",
        "--config-file=config/model-config.yaml", "--runtime=python3",
    ],
    "extra file list": ["--handler", "handler", "--extra-files", "index_to_name.json,empty.txt"],
    "extra directory": ["--handler", "handler", "--extra-files", "extra"],
    "extra directory with slash": ["--handler", "handler", "--extra-files", "extra/,more/"],
    "extra star": ["--handler", "handler", "--extra-files", "more/*.txt"],
    "extra question mark": ["--handler", "handler", "--extra-files", "more/a?.txt"],
    "extra set": ["--handler", "handler", "--extra-files", "more/[ab]1.*"],
    "extra negated set": ["--handler", "handler", "--extra-files", "more/[!a]*"],
    "extra pattern over directories": ["--handler", "handler", "--extra-files", "ext*/sub"],
    "extra pattern without match": ["--handler", "handler", "--extra-files", "nothing*"],
    "extra list with gaps": ["--handler", "handler", "--extra-files", "empty.txt,,index_to_name.json,"],
    "native runtime": ["--runtime", "LSP", "--handler", "native"],
    "native built-in": ["--runtime", "LSP", "--handler", "BaseHandler"],
    "shortened flags": ["--handler", "handler", "--serial", "weights.pt", "--conf", "config/model-config.yaml"],
    "last flag wins": ["--handler", "nowhere", "--handler", "handler"],
    "same file twice": ["--handler", "handler", "--extra-files", "handler.py"],
    "empty optional flag": ["--handler", "handler", "--model-file", ""],
    "version of any kind": ["--handler", "handler", "--version", "2024.1-rc \u00e9"],
    "negative version": ["--handler", "handler", "-v", "-1"],
    "empty version": ["--handler", "handler", "-v", ""],
}

# What our list, extract and verify read too; each reading is three more processes for each format and tool.
INSPECTED = {"every file flag", "extra directory"}

# The other cases differ in what is packed, not in how, so one format shows it; the variable brings back the rest.
EVERY_FORMAT = "ROUNDTRIP_EVERY_FORMAT" in os.environ

NAME = ["--model-name", "m"]
HANDLER = ["--handler", "handler"]
VERSION = ["-v", "1.0"]
BAD = {
    "no arguments": [],
    "no name": HANDLER + VERSION,
    "no handler": NAME + VERSION,
    "no version": NAME + HANDLER,
    "flag without value": NAME + HANDLER + ["-v"],
    "flag as value": ["--model-name", "--handler", "handler"] + VERSION,
    "unknown flag": NAME + HANDLER + VERSION + ["--no-such-flag"],
    "ambiguous flag": ["--model", "m"] + HANDLER + VERSION,
    "positional argument": NAME + HANDLER + VERSION + ["something"],
    "unknown runtime": NAME + HANDLER + VERSION + ["--runtime", "ruby"],
    "runtime in capitals": NAME + HANDLER + VERSION + ["--runtime", "PYTHON"],
    "unknown format": NAME + HANDLER + VERSION + ["--archive-format", "rar"],
    "name with a space": ["--model-name", "a b"] + HANDLER + VERSION,
    "name with a slash": ["--model-name", "a/b"] + HANDLER + VERSION,
    "name that begins with a dot": ["--model-name", ".m"] + HANDLER + VERSION,
    "empty name": ["--model-name", ""] + HANDLER + VERSION,
    "missing handler file": NAME + ["--handler", "nowhere"] + VERSION,
    "handler file with function": NAME + ["--handler", "handler.py:handle"] + VERSION,
    "missing serialized file": NAME + HANDLER + VERSION + ["--serialized-file", "nowhere.pt"],
    "missing model file": NAME + HANDLER + VERSION + ["--model-file", "nowhere.py"],
    "missing requirements": NAME + HANDLER + VERSION + ["-r", "nowhere.txt"],
    "missing configuration": NAME + HANDLER + VERSION + ["-c", "nowhere.yaml"],
    "missing extra file": NAME + HANDLER + VERSION + ["--extra-files", "nowhere.txt"],
    "missing second extra file": NAME + HANDLER + VERSION + ["--extra-files", "empty.txt,nowhere.txt"],
    "help": ["--help"],
    "short help": ["-h"],
}


def archive_path(tool, archive_format, name="m"):
    return os.path.join(tool.out, name + FORMATS[archive_format])


def stream_zip(path):
    """Reads a zip file front to back by its local headers, as java.util.zip.ZipInputStream does."""
    files = {}
    with open(path, "rb") as file:
        data = file.read()
    at = 0
    while data[at : at + 4] == b"PK\x03\x04":
        (flags, method, _, crc, packed, size, name_length, extra_length) = struct.unpack_from("<HHIIIIHH", data, at + 6)
        name = data[at + 30 : at + 30 + name_length].decode("utf-8")
        at += 30 + name_length + extra_length
        if method == 8:
            inflater = zlib.decompressobj(-15)
            content = inflater.decompress(data[at:]) + inflater.flush()
            at = len(data) - len(inflater.unused_data)
            if flags & 8:
                at += 16 if data[at : at + 4] == b"PK\x07\x08" else 12
        else:
            if flags & 8:
                raise ValueError(f"{name}: a stored entry without size cannot be streamed")
            content = data[at : at + packed]
            at += packed
        if not flags & 8 and (zlib.crc32(content) != crc or len(content) != size):
            raise ValueError(f"{name}: local header does not match the content")
        if name in files:
            raise ValueError(f"{name}: twice")
        files[name] = content
    return files


def read_zip(path):
    with zipfile.ZipFile(path) as archive:
        if archive.testzip() is not None:
            raise ValueError("checksum error")
        return {name: archive.read(name) for name in archive.namelist()}


def read_tar(path):
    files = {}
    with tarfile.open(path, "r:gz") as archive:
        for member in archive:
            if member.isfile():
                files[member.name.split("/", 1)[1]] = archive.extractfile(member).read()
    return files


def read_directory(path):
    files = {}
    for root, _, names in os.walk(path):
        for name in names:
            full = os.path.join(root, name)
            with open(full, "rb") as file:
                files[os.path.relpath(full, path)] = file.read()
    return files


def read_archive(path, archive_format):
    if archive_format == "tgz":
        return read_tar(path)
    if archive_format == "no-archive":
        return read_directory(path)
    files = read_zip(path)
    if stream_zip(path) != files:
        raise ValueError("streaming sees other files than the zip directory lists")
    return files


def comparable_manifest(files):
    manifest = json.loads(files[MANIFEST])
    manifest.pop("createdOn")
    manifest.pop("archiverVersion")
    return manifest


def payload(files):
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items() if name != MANIFEST}


def pack(tool, inputs, archive_format, flags):
    tool.fresh_output()
    arguments = NAME + VERSION + ["--export-path", tool.out, "--archive-format", archive_format] + flags
    return tool.run(arguments, inputs)


def compare_good(suite, ours, original, inspector, inputs, home):
    for what, flags in GOOD.items():
        for archive_format in FORMATS if EVERY_FORMAT or what in INSPECTED else ["default"]:
            label = f"{what} ({archive_format})"
            results = [pack(tool, inputs, archive_format, flags) for tool in (ours, original)]
            if not suite.equal(results[0].returncode, results[1].returncode, f"{label}: exit code"):
                print(results[0].stderr)
                continue
            suite.equal(results[0].returncode, 0, f"{label}: both succeed")
            suite.equal(results[0].stdout, results[1].stdout, f"{label}: standard output")
            suite.equal(bool(results[0].stderr), bool(results[1].stderr), f"{label}: anything on standard error")
            ours_read, theirs_read = (
                read_archive(archive_path(tool, archive_format), archive_format) for tool in (ours, original)
            )
            suite.equal(comparable_manifest(ours_read), comparable_manifest(theirs_read), f"{label}: manifest")
            suite.equal(list(json.loads(ours_read[MANIFEST])), list(json.loads(theirs_read[MANIFEST])), f"{label}: keys")
            suite.equal(payload(ours_read), payload(theirs_read), f"{label}: files")
            if inspector and what in INSPECTED:
                for tool, expected in ((ours, ours_read), (original, theirs_read)):
                    inspect(suite, inspector, tool, archive_format, expected, home, f"{label}, made by {tool.name}")


def inspect(suite, inspector, tool, archive_format, expected, home, label):
    """Our list, extract and verify on one archive."""
    path = archive_path(tool, archive_format)
    listed = inspector.run(["list", path, "--json"], home)
    if suite.check(listed.returncode == 0, f"{label}: list", listed.stderr):
        names = {entry["name"]: entry["bytes"] for entry in json.loads(listed.stdout)["files"]}
        suite.equal(names, {name: len(content) for name, content in expected.items()}, f"{label}: listing")
    target = os.path.join(inspector.fresh_output(), "extracted")
    extracted = inspector.run(["extract", path, target], home)
    if suite.check(extracted.returncode == 0, f"{label}: extract", extracted.stderr):
        suite.check(read_directory(target) == expected, f"{label}: extracted files", "differ")
    verified = inspector.run(["verify", path], home)
    suite.check(verified.returncode == 0, f"{label}: verify", verified.stdout + verified.stderr)


def compare_bad(suite, ours, original, inputs):
    for what, flags in BAD.items():
        codes = []
        for tool in (ours, original):
            tool.fresh_output()
            extra = ["--export-path", tool.out] if flags else []
            result = tool.run(flags + extra if flags[-1:] != ["-v"] else extra + flags, inputs)
            codes.append(result.returncode)
            if tool is ours:
                check_complaint(suite, result, what)
                suite.equal(os.listdir(tool.out), [], f"{what}: nothing is left")
        suite.equal(codes[0], codes[1], f"{what}: exit code")


def check_complaint(suite, result, what):
    suite.check("Traceback" not in result.stderr and "\tat " not in result.stderr, f"{what}: no stack trace", result.stderr)
    if result.returncode == 1:
        errors = [line for line in result.stderr.splitlines() if line.startswith("ERROR - ")]
        suite.check(len(errors) == 1, f"{what}: one ERROR line", result.stderr)


def compare_export_path(suite, ours, original, inputs):
    for what, path in {"missing": "no/such/directory", "a file": "not_a_directory"}.items():
        codes = [tool.run(NAME + HANDLER + VERSION + ["--export-path", path], inputs).returncode for tool in (ours, original)]
        suite.equal(codes[0], codes[1], f"export path is {what}: exit code")
        suite.equal(codes[0], 1, f"export path is {what}: fails")


def compare_default_path(suite, ours, original, inputs, home):
    """Without --export-path the archive goes to the working directory."""
    for tool in (ours, original):
        cwd = os.path.join(home, "cwd-" + tool.name)
        shutil.copytree(inputs, cwd, symlinks=True)
        result = tool.run(NAME + HANDLER + VERSION, cwd)
        suite.check(result.returncode == 0, f"default path, {tool.name}: exit code", result.stderr)
        suite.check(os.path.isfile(os.path.join(cwd, "m.mar")), f"default path, {tool.name}: archive", "missing")


def compare_force(suite, ours, original, inputs):
    for archive_format in FORMATS:
        codes = []
        for tool in (ours, original):
            pack(tool, inputs, archive_format, HANDLER)
            again = NAME + VERSION + HANDLER + ["--export-path", tool.out, "--archive-format", archive_format]
            refused = tool.run(again, inputs)
            forced = tool.run(again + ["-f", "--extra-files", "empty.txt"], inputs)
            long_forced = tool.run(again + ["--force", "--extra-files", "empty.txt"], inputs)
            codes.append([refused.returncode, forced.returncode, long_forced.returncode])
            files = read_archive(archive_path(tool, archive_format), archive_format)
            suite.check("empty.txt" in files, f"force ({archive_format}), {tool.name}: replaced", str(sorted(files)))
        suite.equal(codes[0], codes[1], f"force ({archive_format}): exit codes")
        suite.equal(codes[0], [1, 0, 0], f"force ({archive_format}): refused, then done")


def check_reproducible(suite, ours, inputs):
    for archive_format in ("default", "zip-store", "tgz"):
        digests = set()
        for modified in (1_000_000_000, 1_500_000_001):
            for root, _, names in os.walk(inputs):
                for name in names:
                    os.utime(os.path.join(root, name), (modified, modified))
            result = pack(ours, inputs, archive_format, HANDLER + ["--extra-files", "extra,weights.pt"])
            suite.check(result.returncode == 0, f"reproducible ({archive_format}): exit code", result.stderr)
            with open(archive_path(ours, archive_format), "rb") as file:
                digests.add(hashlib.sha256(file.read()).hexdigest())
        suite.equal(len(digests), 1, f"reproducible ({archive_format}): different archives")


def check_conflict(suite, ours, inputs):
    """Where the original silently keeps the last of two files, ours refuses: an intended difference."""
    result = pack(
        ours, inputs, "default", HANDLER + ["--serialized-file", "weights.pt", "--extra-files", "weights_again"]
    )
    suite.check(result.returncode == 1, "conflicting files: refused", result.stderr)
    suite.check("weights.pt" in result.stderr and "weights_again" in result.stderr, "conflicting files: named", result.stderr)


def check_folder(suite, ours, original, inputs):
    """Ours packs a model that is a folder, such as a SavedModel, which the original cannot: an intended difference."""
    flags = HANDLER + ["--serialized-file", "extra"]
    suite.equal(pack(original, inputs, "default", flags).returncode, 1, "model that is a folder: the original refuses it")
    result = pack(ours, inputs, "default", flags)
    suite.check(result.returncode == 0, "model that is a folder: packed", result.stderr)
    with zipfile.ZipFile(archive_path(ours, "default")) as archive:
        packed = {name[len("extra/") :] for name in archive.namelist() if name.startswith("extra/")} - {""}
        manifest = json.loads(archive.read("MAR-INF/MANIFEST.json"))
    # What a folder of extra files brings, the original decides; a model's folder brings the same.
    pack(original, inputs, "default", HANDLER)
    with zipfile.ZipFile(archive_path(original, "default")) as archive:
        without = set(archive.namelist())
    pack(original, inputs, "default", HANDLER + ["--extra-files", "extra"])
    with zipfile.ZipFile(archive_path(original, "default")) as archive:
        files = {name for name in archive.namelist() if name not in without and not name.endswith("/")}
    suite.equal({name for name in packed if not name.endswith("/")}, files, "model that is a folder: its files")
    suite.equal(manifest["model"]["serializedFile"], "extra", "model that is a folder: named in the manifest")


def inspector_command(launcher):
    if os.environ.get("SLUICE_ARCHIVE"):
        return shlex.split(os.environ["SLUICE_ARCHIVE"])
    return launcher if launcher[-1] == "archive" else None


def main():
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    launcher = [word for argument in sys.argv[1:] for word in shlex.split(argument)]
    launcher[0] = os.path.abspath(launcher[0]) if os.path.exists(launcher[0]) else launcher[0]
    original_command = shutil.which(os.environ.get("ORIGINAL_ARCHIVER", "torch-model-archiver"))
    if original_command is None:
        print("torch-model-archiver is not on PATH; install it or set ORIGINAL_ARCHIVER", file=sys.stderr)
        return 2
    suite = Suite()
    with tempfile.TemporaryDirectory(prefix="archiver-roundtrip-") as home:
        inputs = os.path.join(home, "inputs")
        make_inputs(inputs)
        ours = Tool("ours", launcher, home)
        original = Tool("original", [original_command], home)
        command = inspector_command(launcher)
        inspector = Tool("inspector", command, home) if command else None
        compare_good(suite, ours, original, inspector, inputs, home)
        compare_bad(suite, ours, original, inputs)
        compare_export_path(suite, ours, original, inputs)
        compare_force(suite, ours, original, inputs)
        compare_default_path(suite, ours, original, inputs, home)
        check_conflict(suite, ours, inputs)
        check_folder(suite, ours, original, inputs)
        check_reproducible(suite, ours, inputs)
    print(f"{suite.passed} passed, {suite.failed} failed")
    return 1 if suite.failed else 0


if __name__ == "__main__":
    sys.exit(main())
