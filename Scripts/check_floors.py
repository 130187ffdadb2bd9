#!/usr/bin/env python3
"""Checks that the folders of a target use only what lies below them.

CONTRIBUTING.md lists the folders of a target from the bottom up. In Swift a folder may name the types and call the global
functions of the folders before it in that list; in C it may include their headers. Members that a type is given by an
extension count where the type is: a lower folder may call them. Among targets, imports follow the order of TARGETS.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Targets on one line do not import each other.
TARGETS = [
    {"Kernels"}, {"Switchback"},
    {"SwitchbackAdditions", "SwitchbackLinearAlgebra", "SwitchbackFourier", "SwitchbackDistributions", "SwitchbackFormats"},
    {"SwitchbackDrawing", "SwitchbackHub"}, {"SwitchbackTraining", "SwitchbackInference"},
    {"SwitchbackVision", "SwitchbackLanguage"}, {"SwitchbackServer"}, {"SwitchbackStudio"}, {"CLI", "Bench"},
]
# What the engine may import. Foundation would add 50 MB to every program that the engine is linked into.
ENGINE_IMPORTS = {"Kernels", "Dispatch", "Synchronization"}
DECLARATION = re.compile(
    r"^(?:@\w+(?:\([^)]*\))? )*(?:(?:public|package|open|final|indirect|nonisolated\(unsafe\)) )*"
    r"(class|struct|enum|protocol|typealias|actor|func) (\w+)", re.M)
MEMBER_TYPE = re.compile(
    r"^ {4}(?:(?:public|package|final|indirect) )*(?:class|struct|enum|protocol|typealias) (\w+)", re.M)
EXTENSION = re.compile(r"^(?:public )?extension ([\w.]+)[^{]*\{\n(.*?)^\}", re.M | re.S)
INCLUDE = re.compile(r'^#include "(\w+)/')
IMPORT = re.compile(r"^(?:@\w+ )?(?:public )?import (\w+)")


def listed_folders(target):
    """The folders that CONTRIBUTING lists for a target, from the bottom up."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    block = re.search(rf"^Sources/{target}/\n((?:  \w+/.*\n|    .*\n)+)", text, re.M)
    if not block:
        sys.exit(f"check_floors: CONTRIBUTING.md lists no folders under Sources/{target}/")
    return re.findall(r"^  (\w+)/", block.group(1), re.M)


def sources(target):
    """The files of a target's folders: where it lies, its folder and its text."""
    base = ROOT / "Sources" / target
    for path in sorted(base.rglob("*")):
        parts = path.relative_to(base).parts
        if path.suffix in (".swift", ".c", ".h") and len(parts) > 1:
            yield path.relative_to(ROOT), parts[0], path.read_text()


def code(text):
    """The text without comments and without strings, but with what is interpolated; lines stay where they are."""
    text = re.sub(r'"""(.*?)"""', lambda match: "\n" * match.group(0).count("\n"), text, flags=re.S)
    text = re.sub(r"/\*.*?\*/", lambda match: "\n" * match.group(0).count("\n"), text, flags=re.S)
    string = re.compile(r'"((?:\\.|[^"\\])*)"|//.*')
    return string.sub(lambda match: " ".join(re.findall(r"\\\(([^\n]*)", match.group(1) or "")), text)


def definitions(files):
    """Patterns of what each folder defines for others: {folder: {name: pattern}}."""
    found = {}
    for _, folder, text in files:
        names = found.setdefault(folder, {})
        for kind, name in DECLARATION.findall(text):
            use = rf"(?<![\w.])(?<!func ){name}(?=[(]| \{{)" if kind == "func" else rf"(?<![\w.]){name}\b(?!\s*:)"
            names[name] = re.compile(use)
        for outer, body in EXTENSION.findall(text):
            for name in MEMBER_TYPE.findall(body):
                names[f"{outer}.{name}"] = re.compile(rf"(?<![\w.]){re.escape(outer)}\.{name}\b")
    return found


def check_unlisted(target, order, folders):
    for folder in sorted(folders - set(order)):
        yield f"Sources/{target}/{folder}: CONTRIBUTING.md does not list this folder"
    for folder in sorted(set(order) - folders):
        yield f"CONTRIBUTING.md: lists Sources/{target}/{folder}, which does not exist"


def check_swift(target):
    """What names something of a higher folder."""
    order = listed_folders(target)
    files = [(path, folder, code(text)) for path, folder, text in sources(target) if path.suffix == ".swift"]
    yield from check_unlisted(target, order, {folder for _, folder, _ in files})
    defined = definitions(files)
    for path, folder, text in files:
        if folder not in order:
            continue
        own = defined[folder]
        higher = [
            (name, pattern, above) for above in order[order.index(folder) + 1 :]
            for name, pattern in defined.get(above, {}).items() if name not in own
        ]
        for number, line in enumerate(text.split("\n"), 1):
            for name, pattern, above in higher:
                if name.split(".")[-1] in line and pattern.search(line):
                    yield f"{path}:{number}: {folder} uses {name} of {above}/, which lies above it"


def check_headers(target):
    """What includes a header of a higher folder."""
    order = listed_folders(target)
    files = [file for file in sources(target) if file[1] != "include"]
    yield from check_unlisted(target, order, {folder for _, folder, _ in files})
    for path, folder, text in files:
        for number, line in enumerate(text.split("\n"), 1):
            match = INCLUDE.match(line)
            if match and match.group(1) in order and order.index(match.group(1)) > order.index(folder):
                yield f"{path}:{number}: {folder} includes a header of {match.group(1)}/, which lies above it"


def check_imports():
    """What imports a target that is not below its own."""
    level = {target: i for i, targets in enumerate(TARGETS) for target in targets}
    for target in level:
        for path in sorted((ROOT / "Sources" / target).rglob("*.swift")):
            for number, line in enumerate(path.read_text().split("\n"), 1):
                match = IMPORT.match(line)
                if match and level.get(match.group(1), -1) >= level[target]:
                    yield f"{path.relative_to(ROOT)}:{number}: {target} imports {match.group(1)}, which is not below it"
                elif match and target == "Switchback" and match.group(1) not in ENGINE_IMPORTS:
                    yield f"{path.relative_to(ROOT)}:{number}: the engine imports {match.group(1)}, which it is to do without"


problems = [*check_swift("Switchback"), *check_headers("Kernels"), *check_imports()]
for problem in problems:
    print(problem, file=sys.stderr)
sys.exit(1 if problems else 0)
