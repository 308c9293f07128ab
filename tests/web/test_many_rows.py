"""Lists of more than fifty rows: each has a second page, and leads there and back."""

from __future__ import annotations

import pytest

from engine.moved import Ref
from tests.web.site import Site

MORE_THAN_A_PAGE = 51


@pytest.fixture
def long_site(site: Site) -> Site:
    """Pages of a world with two actions more than a page shows."""
    for _ in range(MORE_THAN_A_PAGE):
        site.world.plans("bo", "trust", recommendation=Ref("recommendation", 1), owner="health_visiting")
    return site


def test_lists_of_actions_have_a_second_page(long_site: Site) -> None:
    for path in ("/actions", "/reports/tracker"):
        first = long_site.get(path, as_="cleo")
        assert first.status == 200
        (onward,) = {link for link in first.page.links if "page=2" in link}
        second = long_site.get(onward, as_="cleo")
        assert second.status == 200
        assert "Page 2 of 2" in second.text
        assert any("page=1" in link for link in second.page.links)
        assert {link for link in second.page.links if link.startswith("/action/")}.isdisjoint(
            first.page.links
        )
