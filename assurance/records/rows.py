"""What the rows of every noun share: a number of their own and the group to which they belong."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column


class OfGroup:
    """A row of one group; the group is the tenant, and no row belongs to two."""

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(sa.ForeignKey("tenant.id"), index=True)
