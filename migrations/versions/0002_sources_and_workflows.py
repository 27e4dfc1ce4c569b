"""Images to draw from, workflows of a chat, and what was said once.

What: tables ``sources``, ``workflows`` and ``graphs``; ``personas.avatar``; ``chats.told``.
Why: a picture that began with somebody's image must be drawn again from the same image and the same graph, however much later; people
bring ComfyUI workflows of their own; a notice that is due once in a chat must not come back with every restart.
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("chats", sa.Column("told", sa.JSON(), nullable=True))
    op.add_column("personas", sa.Column("avatar", sa.String(64), nullable=True))
    _sources()
    _workflows()
    _graphs()


def _sources() -> None:
    op.create_table(
        "sources",
        sa.Column("picture_id", sa.Integer(), nullable=False),
        sa.Column("asset", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["asset"], ["assets.sha256"], name=op.f("fk_sources_asset")),
        sa.ForeignKeyConstraint(["picture_id"], ["pictures.id"], name=op.f("fk_sources_picture_id"), ondelete="CASCADE"),
        sa.UniqueConstraint("picture_id", "asset", name=op.f("uq_sources_picture_id_asset")),
    )
    op.create_index(op.f("ix_sources_asset"), "sources", ["asset"], unique=False)
    _drawn_from()


def _drawn_from() -> None:
    """The reference images of pictures that were drawn before, as far as they are still there."""
    c = op.get_bind()
    there = set(c.scalars(sa.text("SELECT sha256 FROM assets")))
    rows = c.execute(sa.text("SELECT picture_id, CAST(plan AS TEXT) FROM takes ORDER BY id")).all()
    found = {(number, tagged.rpartition(":")[2]) for number, plan in rows for tagged in json.loads(plan).get("references", ())}
    if known := [{"picture": number, "asset": sha} for number, sha in sorted(found) if sha in there]:
        c.execute(sa.text("INSERT INTO sources (picture_id, asset) VALUES (:picture, :asset)"), known)


def _workflows() -> None:
    op.create_table(
        "workflows",
        sa.Column("chat_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("graph", sa.String(64), nullable=False),
        sa.Column("image_graph", sa.String(64), nullable=True),
        sa.Column("custom", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name=op.f("fk_workflows_chat_id"), ondelete="CASCADE"),
        sa.UniqueConstraint("chat_id", "name", name=op.f("uq_workflows_chat_id_name")),
    )


def _graphs() -> None:
    op.create_table(
        "graphs",
        sa.Column("chat_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name=op.f("fk_graphs_chat_id"), ondelete="CASCADE"),
        sa.UniqueConstraint("chat_id", "sha256", name=op.f("uq_graphs_chat_id_sha256")),
    )
