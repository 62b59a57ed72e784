"""Lists what the locks hold, with hashes and licences, as a CycloneDX file (SBOM).

``python requirements/sbom.py [build/sbom.json]`` reads names, versions and hashes from
requirements.lock and the locks of the extras, and each licence from the installed
package's own metadata; of scripts that lie among the files, all from the file beside.
It ends with status 1, and a sentence for each, when a package has no licence that can
be told, or one that does not go with this project's.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).resolve().parents[1]
EXTRAS = ("spark", "postgres", "semantic", "dev")
# What lies among the project's files: for the pages, and for tests.
CARRIED = ("dashboards/looks/plotly.json", "tests/python/axe.json")
LOCKS = ("requirements.lock", *(f"requirements/{extra}.lock" for extra in EXTRAS))
# What may be installed beside a project under Apache-2.0: it asks for no more than
# notices, or (MPL-2.0) for the source of its own files.
ALLOWED = {
    *("0BSD", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-CMU"),
    "LicenseRef-BSD",  # one of the two: metadata do not say which
    *("Apache-2.0", "Apache-2.0 WITH LLVM-exception", "Artistic-1.0", "CC0-1.0"),
    *("CNRI-Python", "MPL-2.0", "PSF-2.0", "Zlib"),
}
# How metadata that know no SPDX expression write a licence.
WORDINGS = {
    r"apache( software)?( licen[sc]e)?,?( version)?([ -]2(\.0)?)?": "Apache-2.0",
    r"artistic( licen[sc]e)?": "Artistic-1.0",
    r"(simplified bsd|2-clause bsd|bsd 2-clause)( licen[sc]e)?": "BSD-2-Clause",
    r"(3-clause bsd|bsd[ -]3-clause)( licen[sc]e)?": "BSD-3-Clause",
    r"bsd( licen[sc]e)?": "LicenseRef-BSD",
    r"isc( licen[sc]e)?( \(iscl\))?": "ISC",
    r"mit( licen[sc]e)?": "MIT",
    r"mozilla public license 2\.0 \(mpl 2\.0\)": "MPL-2.0",
    r"python software foundation license": "PSF-2.0",
}


@dataclass(frozen=True)
class Package:
    """A package of a lock: name, version, SHA-256 of its files, where it is needed."""

    name: str
    version: str
    hashes: tuple[str, ...]
    lock: str
    is_for_here: bool


def locked(lock: str, text: str) -> Iterator[Package]:
    """Read the packages of a lock file."""
    for block in re.findall(r"^\w.*(?:\n .*)*", text, flags=re.MULTILINE):
        requirement = Requirement(block.split(" \\")[0])
        (exact,) = requirement.specifier
        yield Package(
            canonicalize_name(requirement.name),
            exact.version,
            tuple(re.findall(r"--hash=sha256:(\w+)", block)),
            lock,
            requirement.marker is None or requirement.marker.evaluate(),
        )


def licence_of(about: metadata.PackageMetadata) -> str:
    """Tell a package's licence: an SPDX expression or a name, or nothing."""
    if about.get("License-Expression"):
        return about["License-Expression"]
    classifiers = [
        text.split(" :: ")[-1]
        for text in about.get_all("Classifier") or []
        if text.startswith("License ::")
    ]
    said = (about.get("License") or "").removeprefix("License :: OSI Approved :: ")
    for texts in ([said], classifiers):
        # Classifiers do not say whether one may choose: all of them then count.
        known = [licence for licence in map(_spdx, texts) if licence]
        if known and len(known) == len(texts):
            return " AND ".join(sorted(set(known)))
    return " AND ".join(classifiers) or said.strip().split("\n")[0][:80]


def _spdx(text: str) -> str:
    parts = re.split(r" (?:AND|OR) ", text)
    if all(part in ALLOWED for part in parts):
        return text
    for wording, licence in WORDINGS.items():
        if re.fullmatch(wording, text.strip(), flags=re.IGNORECASE):
            return licence
    return ""


def is_allowed(licence: str) -> bool:
    """Tell whether each part of an expression, or one of its choices, is allowed."""
    return all(
        any(choice.strip("() ") in ALLOWED for choice in part.split(" OR "))
        for part in licence.split(" AND ")
    )


def describe(
    packages: Iterable[Package],
    installed: Callable[[str], metadata.Distribution] = metadata.distribution,
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the components of CycloneDX, and a sentence for each that may not be."""
    components, refused = [], []
    for package in sorted(packages, key=lambda package: package.name):
        licence, title = "", f"{package.name} {package.version} ({package.lock})"
        if package.is_for_here:
            try:
                found = installed(package.name)
                licence = licence_of(found.metadata)
                version = found.version
            except metadata.PackageNotFoundError:
                version = "not"
            if version != package.version:
                refused.append(f"{title} is not installed ({version} is): make sbom.")
            elif not is_allowed(licence):
                refused.append(
                    f"{title} is under {licence or 'no licence that it tells'}: look "
                    "at it; ALLOWED in requirements/sbom.py names what may be used."
                )
        components.append(_component(package, licence))
    return components, refused


def _component(package: Package, licence: str) -> dict[str, Any]:
    said = {"expression": licence}
    if not is_allowed(licence):
        said = {"license": {"name": licence}}
    purl = f"pkg:pypi/{package.name}@{package.version}"
    return {
        "type": "library",
        "bom-ref": purl,
        "name": package.name,
        "version": package.version,
        "scope": "required" if package.lock == LOCKS[0] else "optional",
        "hashes": [{"alg": "SHA-256", "content": text} for text in package.hashes],
        "licenses": [said] if licence else [],
        "purl": purl,
        "properties": [{"name": "lock", "value": package.lock}],
    }


def carried(path: str) -> dict[str, Any]:
    """Describe a script that lies among the project's files."""
    about = json.loads((PROJECT / path).read_text(encoding="utf-8"))
    purl = f"pkg:npm/{about['package']}@{about['version']}"
    return {
        "type": "library",
        "bom-ref": purl,
        "name": about["package"],
        "version": about["version"],
        "scope": "required" if path == CARRIED[0] else "optional",
        "hashes": [{"alg": "SHA-256", "content": about["sha256"]}],
        "licenses": [{"expression": about["licence"]}],
        "purl": purl,
        "properties": [{"name": "lock", "value": path}],
    }


def main(path: Path) -> int:
    """Write the file; return 1 when a licence may not be."""
    about = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    packages = [
        it for lock in LOCKS for it in locked(lock, (PROJECT / lock).read_text())
    ]
    components, refused = describe(packages)
    components += map(carried, CARRIED)
    own = {key: about[key] for key in ("name", "version", "description")}
    licences = [{"license": {"id": about["license"]}}]
    content = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", **own, "licenses": licences}},
        "components": components,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    for sentence in refused:
        print(sentence, file=sys.stderr)
    elsewhere = [it.name for it in packages if not it.is_for_here]
    print(
        f"{path}: {len(components)} packages, {len(refused)} refused; for other "
        f"systems, so that no licence was read: {', '.join(elsewhere) or 'none'}."
    )
    return bool(refused)


if __name__ == "__main__":
    sys.exit(main(Path(*(sys.argv[1:] or ["build/sbom.json"]))))
