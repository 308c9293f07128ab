"""The documents' own check: what it lets pass and what it finds."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.main import get_command

from tools.check_docs import faults_in_document, machine_paths_in, wrong_version
from tools.shown_commands import Programs, targets_of, word_of


@pytest.fixture(scope="module")
def programs() -> Programs:
    """A small `auditloop` and a Makefile with two targets."""
    app = typer.Typer()
    report = typer.Typer()
    app.add_typer(report, name="report")

    @app.callback()
    def either(database: str = "") -> None:
        """Choose the database."""

    @app.command()
    def move(ref: str, trigger: str, as_: str = typer.Option("", "--as"), json: bool = False) -> None:
        """Move something."""

    @report.command()
    def annual(year: str = "") -> None:
        """Print the annual report."""

    return Programs(word_of(get_command(app)), frozenset({"run", "test"}))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with a document beside README.md to write."""
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "clock.py").touch()
    (tmp_path / "OTHER.md").write_text("# The `clock`, and why\n\n## Twice\n\n## Twice\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    "text",
    [
        "[there](OTHER.md), [here](#a-title), [out](https://example.org/x#y), [folder](engine)\n\n# A title",
        "[a heading](OTHER.md#the-clock-and-why) and [its second](OTHER.md#twice-1)",
        "`engine/clock.py`, `engine/*.py`, `engine/`, `action/12`, `var/demo.sqlite`, `.venv/bin/auditloop`",
        "`auditloop move REF TRIGGER --as PERSON`, `make test`, `auditloop report ...`",
        "```sh\n$ A=b .venv/bin/auditloop --database x.db report annual --year=2014-15 | less  # look\nmake run\n```",
        "```\nauditloop move action/12 verify \\\n  --as 'Ada' --json && make test ROUNDS=3\n```",
        "```yaml\nauditloop: nonsense\n```",
    ],
)
def test_what_is_true_passes(text: str, root: Path, programs: Programs) -> None:
    readme = root / "README.md"
    readme.write_text(text, encoding="utf-8")
    assert faults_in_document(readme, root=root, programs=programs) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[there](GONE.md)", "the link GONE.md leads nowhere"),
        ("![picture](docs/flow.svg)", "the link docs/flow.svg leads nowhere"),
        ("[there](OTHER.md#clock)", "the link OTHER.md#clock names a heading that is not in OTHER.md"),
        ("[out](../../etc/passwd)", "the link ../../etc/passwd leaves the repository"),
        ("`engine/clocks.py`", "the path engine/clocks.py does not exist"),
        ("`elsewhere/*.yaml`", "the path elsewhere/*.yaml does not exist"),
        ("`auditloop mvoe`", "`auditloop mvoe`: there is no command mvoe; did you mean move?"),
        ("```\nauditloop move x y --is Ada\n```", "`auditloop move x y --is`: there is no option --is"),
        ("```\nauditloop report yearly\n```", "`auditloop report yearly`: there is no command yearly"),
        ("`make tests`", "`make tests`: no such target"),
    ],
)
def test_what_is_not_so_is_named(text: str, message: str, root: Path, programs: Programs) -> None:
    readme = root / "README.md"
    readme.write_text(f"Title\n\n{text}\n", encoding="utf-8")
    [fault] = faults_in_document(readme, root=root, programs=programs)
    assert str(fault).startswith("README.md:3: ")
    assert fault.message.startswith(message)


def test_a_path_of_somebodys_own_machine_is_found(root: Path) -> None:
    note = root / "note.txt"
    note.write_text(
        "see ~/notes and {home}/work\nor " + "/".join(["", "home", "ada"]) + "/notes\n", encoding="utf-8"
    )
    assert [fault.line for fault in machine_paths_in(note, root=root)] == [2]


@pytest.mark.parametrize(
    ("heading", "faults"), [("## 0.1.0, unreleased", 0), ("## [0.2.0]", 1), ("## Soon", 1)]
)
def test_the_changelog_names_the_version_of_the_package(heading: str, faults: int, root: Path) -> None:
    (root / "pyproject.toml").write_text('[project]\nversion = "0.1.0"\n', encoding="utf-8")
    (root / "CHANGELOG.md").write_text(f"# Changes\n\n{heading}\n", encoding="utf-8")
    assert len(wrong_version(root)) == faults


def test_the_targets_of_our_makefile_are_known() -> None:
    makefile = Path(__file__).parents[2] / "Makefile"
    assert {"setup", "run", "test", "check", "lint", "types", "faults", "bench", "clean"} <= targets_of(
        makefile
    )
