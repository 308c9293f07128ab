"""Takes from GOV.UK Frontend's own archive what pages need: its styles without crest and crown's typeface, and its script.

    npm pack govuk-frontend@6.3.0 && python -m tools.govuk govuk-frontend-6.3.0.tgz

The version is the one for which govuk-frontend-jinja writes its markup. This is not a government service: GDS Transport
may only be used on GOV.UK, and neither may the crest.
"""

from __future__ import annotations

import re
import sys
import tarfile
from pathlib import Path

STATIC = Path(__file__).resolve().parent.parent / "web" / "static"
TYPEFACE = '"Helvetica Neue",Arial,"Liberation Sans",sans-serif'
TAKEN = {
    "package/dist/govuk/govuk-frontend.min.css": "govuk-frontend.css",
    "package/dist/govuk/govuk-frontend.min.js": "govuk-frontend.js",
}


def without_the_crown(styles: str) -> str:
    """Give the styles with our own typeface and without any picture or font that is fetched."""
    plain = re.sub(r"@font-face\{[^}]*\}", "", styles)
    plain = re.sub(r'"?GDS Transport"?(,[^;}]*)?', TYPEFACE, plain)
    plain = re.sub(r"[a-z-]+:[^;{}]*url\(/assets/[^)]*\)[^;}]*;?", "", plain)
    return re.sub(r"/\*# sourceMappingURL=.*?\*/", "", plain)


def main(archive: str) -> None:
    """Write the files from the archive into `web/static`."""
    with tarfile.open(archive) as packed:
        for member in packed:
            name = TAKEN.get(member.name)
            unpacked = packed.extractfile(member) if name else None
            if name is None or unpacked is None:
                continue
            text = unpacked.read().decode()
            text = re.sub(r"\n//# sourceMappingURL=.*", "", text)
            (STATIC / name).write_text(without_the_crown(text) if name.endswith(".css") else text)


if __name__ == "__main__":
    main(*sys.argv[1:])
