"""Build the wheel, install it in an empty environment outside the checkout, and make a report.

Package data that is not packed, or a step that only the checkout knows, shows here alone.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
AS_OF = "2026-11-20T09:00+09:00"


def run(*command: str | Path, cwd: Path, environment: dict[str, str]) -> str:
    """Run a command and give what it printed; stop with its errors if it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def main() -> None:
    """Build, install, report, compare."""
    uv = Path(sys.executable).with_name("uv")
    clean = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        run(sys.executable, "-m", "build", "-q", "--wheel", "--no-isolation", "-o", work, ROOT,
            cwd=work, environment=clean)  # fmt: skip
        (wheel,) = work.glob("saisei-*.whl")
        venv.create(work / "empty", with_pip=False)
        run(uv, "pip", "install", "-q", "--python", work / "empty" / "bin" / "python",
            "--constraint", ROOT / "requirements" / "lock.txt", wheel,
            cwd=work, environment=clean)  # fmt: skip
        case = shutil.copy(ROOT / "examples" / "01-chronic-arm.yaml", work / "case.yaml")
        saisei = work / "empty" / "bin" / "saisei"
        run(saisei, "report", case, "--as-of", AS_OF, "-o", work / "report.html",
            cwd=work, environment=clean)  # fmt: skip
        page = (work / "report.html").read_text(encoding="utf-8")
        said = json.loads(
            run(saisei, "report", case, "--as-of", AS_OF, "--json", cwd=work, environment=clean)
        )
    if "ACTIsSIMA" not in page or said["kind"] != "full":
        sys.exit("the installed package makes another report than the checkout")
    print(f"{wheel.name}: installed alone, it makes the report ({len(page):,} characters)")


if __name__ == "__main__":
    main()
