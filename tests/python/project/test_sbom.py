"""The list of what the locks hold: complete, with hashes, and licences that may be."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import sys
from importlib import metadata
from pathlib import Path
from types import ModuleType

import pytest
from real_builds import PROJECT
from test_properties import locked

EXTRAS = ("dev", "spark", "postgres", "semantic")


@pytest.fixture(scope="module")
def sbom() -> ModuleType:
    path = PROJECT / "requirements" / "sbom.py"
    spec = importlib.util.spec_from_file_location("sbom", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["sbom"] = module
    spec.loader.exec_module(module)
    return module


def about(**lines: str | list[str]) -> metadata.PackageMetadata:
    """Metadata of an installed package, of these lines."""
    message = metadata.PathDistribution(Path("nowhere")).metadata
    for name, values in lines.items():
        for value in [values] if isinstance(values, str) else values:
            message[name.replace("_", "-")] = value
    return message


def test_every_package_of_every_lock_is_listed_and_may_be_used(
    sbom: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = sbom.main(tmp_path / "sbom.json")
    assert status == 0, capsys.readouterr().err
    content = json.loads((tmp_path / "sbom.json").read_text())
    locks = locked("requirements.lock", *(f"requirements/{it}.lock" for it in EXTRAS))
    found = {it["name"]: it for it in content["components"]}
    scripts = {path: json.loads((PROJECT / path).read_text()) for path in sbom.CARRIED}
    for path, script in scripts.items():
        assert script["licence"] in sbom.ALLOWED
        text = (PROJECT / path).with_suffix(".js")
        text = text if text.exists() else (PROJECT / path).with_name(script["file"])
        assert hashlib.sha256(text.read_bytes()).hexdigest() == script["sha256"]
    assert {name: it["version"] for name, it in found.items()} == locks | {
        script["package"]: script["version"] for script in scripts.values()
    }
    assert len({it["bom-ref"] for it in found.values()}) == len(found)
    for name, it in found.items():
        assert it["hashes"], name
        assert it["licenses"] or name == "tzdata", name
    assert found["numpy"]["scope"] == "required"
    assert found["pytest"]["properties"][0]["value"] == "requirements/dev.lock"
    text = (PROJECT / "requirements.lock").read_text()
    assert f"sha256:{found['numpy']['hashes'][0]['content']}" in text


def test_sentence_for_a_licence_that_may_not_be(sbom: ModuleType) -> None:
    lock = "one==1 \\\n    --hash=sha256:ab\ntwo==2 ; sys_platform == 'none' \\\n"
    packages = list(sbom.locked("requirements.lock", lock))
    assert [it.hashes for it in packages] == [("ab",), ()]

    class Installed:
        version = "1"
        metadata: metadata.PackageMetadata

    for licence, said in {"GPL-3.0-only": "GPL-3.0-only", "": "no licence"}.items():
        Installed.metadata = about(License_Expression=licence)
        _, (sentence,) = sbom.describe(packages, lambda name: Installed)
        assert sentence.startswith(f"one 1 (requirements.lock) is under {said}")
    Installed.version = "3"
    _, (sentence,) = sbom.describe(packages, lambda name: Installed)
    assert "is not installed (3 is)" in sentence


@pytest.mark.parametrize(
    ("lines", "licence", "is_allowed"),
    [
        ({"License_Expression": "MIT AND (GPL-3.0-only OR ISC)"}, None, True),
        ({"License_Expression": "MIT AND GPL-3.0-only"}, None, False),
        ({"License": "Apache License, Version 2.0"}, "Apache-2.0", True),
        ({"License": "Copyright (c) 1999\nAll rights"}, "Copyright (c) 1999", False),
        (
            {
                "License": "Dual License",
                "Classifier": ["License :: OSI Approved :: BSD License"],
            },
            "LicenseRef-BSD",
            True,
        ),
        (
            {
                "Classifier": [
                    "License :: OSI Approved :: MIT License",
                    "License :: OSI Approved :: GNU Affero General Public License v3",
                ]
            },
            "MIT License AND GNU Affero General Public License v3",
            False,
        ),
        ({"Classifier": ["License :: OSI Approved"]}, "OSI Approved", False),
        ({}, "", False),
    ],
)
def test_licences_are_read_from_metadata(
    sbom: ModuleType, lines: dict, licence: str | None, is_allowed: bool
) -> None:
    found = sbom.licence_of(about(**lines))
    assert found == (lines["License_Expression"] if licence is None else licence)
    assert sbom.is_allowed(found) == is_allowed
