"""The tables. ``migrations/`` builds them; a test holds the two together."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _chat() -> Column[int]:
    return Column("chat_id", Integer, ForeignKey("chats.id", ondelete="CASCADE"), nullable=False)


chats = Table(
    "chats",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(200), nullable=False, unique=True),
    Column("private", Boolean, nullable=False, default=False),
    Column("age_restricted", Boolean, nullable=False, default=False),
    Column("title", Text, nullable=False, default=""),
    Column("character_id", Integer),
    Column("settings", JSON, nullable=False),  # only what differs from the host's defaults
    Column("background", String(64)),
    Column("head", Text),
    Column("head_mark", String(64), nullable=False, default=""),
    Column("first_entry", Integer, nullable=False, default=0),
    Column("last_seen", String(40)),  # newest platform message id taken in, for catching up after a gap
    Column("told", JSON),  # what is said once in a chat and was said already
    Column("created_at", DateTime, nullable=False),
)
entries = Table(
    "entries",
    metadata,
    Column("id", Integer, primary_key=True),
    _chat(),
    Column("kind", String(12), nullable=False),
    Column("text", Text, nullable=False, server_default=text("''")),  # of the chosen variant, as is extra
    Column("extra", JSON, nullable=False, server_default="{}"),
    Column("variant_id", Integer),  # None while there is one text only
    Column("author_id", String(40), nullable=False, default=""),
    Column("author_name", Text, nullable=False, default=""),
    Column("character_id", Integer),
    Column("picture_id", Integer),
    Column("reply_to", Integer),
    Column("hidden", Boolean, nullable=False, default=False),
    Column("message_id", String(60)),  # the person's own message; what the bot posted is in posts
    Column("inbox_id", Integer, index=True),  # the event it came of, as long as that is kept
    Column("created_at", DateTime, nullable=False),
    Index(None, "chat_id", "id"),
    Index(None, "chat_id", "message_id"),
)
variants = Table(  # of entries that have more than one
    "variants",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("entry_id", Integer, ForeignKey("entries.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("text", Text, nullable=False),
    Column("extra", JSON, nullable=False),
    Column("created_at", DateTime, nullable=False),
)
posts = Table(  # platform messages that show an entry, in order
    "posts",
    metadata,
    Column("id", Integer, primary_key=True),
    _chat(),
    Column("message_id", String(60), nullable=False),
    Column("entry_id", Integer, ForeignKey("entries.id", ondelete="CASCADE"), nullable=False, index=True),
    UniqueConstraint("chat_id", "message_id"),
)
inbox = Table(
    "inbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("chat_key", String(200), nullable=False),
    Column("event_key", String(120), nullable=False),  # kind + the platform's id: duplicates are refused by it
    Column("kind", String(12), nullable=False),
    Column("payload", Text, nullable=False),
    Column("state", String(12), nullable=False),
    Column("posted", JSON, nullable=False),
    Column("created_at", DateTime, nullable=False),
    UniqueConstraint("chat_key", "event_key"),
    Index(None, "state"),
)
assets = Table(
    "assets",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("mime", String(40), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("created_at", DateTime, nullable=False),
)
pictures = Table(
    "pictures",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(16), nullable=False, unique=True),
    _chat(),
    Column("entry_id", Integer),
    Column("request", JSON, nullable=False),
    Column("shown", Integer, nullable=False, default=0),
    Column("message_id", String(60)),
    Column("reply_to", String(60)),
    Column("spoiler", Boolean, nullable=False, default=False),
    Column("deleted", Boolean, nullable=False, default=False),
    Column("created_at", DateTime, nullable=False),
    Index(None, "chat_id", "message_id"),
)
takes = Table(
    "takes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("picture_id", Integer, ForeignKey("pictures.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("plan", JSON, nullable=False),
    Column("asset", String(64), ForeignKey("assets.sha256"), nullable=False, index=True),
    Column("handle", Text),
    Column("backend_words", Text, nullable=False, default="{}"),
    Column("cost", Float),
    Column("seconds", Float, nullable=False, default=0),
    Column("created_at", DateTime, nullable=False),
    UniqueConstraint("picture_id", "position"),
)
sources = Table(  # images that a picture is drawn from; they stay as long as the picture
    "sources",
    metadata,
    Column("picture_id", Integer, ForeignKey("pictures.id", ondelete="CASCADE"), nullable=False),
    Column("asset", String(64), ForeignKey("assets.sha256"), nullable=False, index=True),
    UniqueConstraint("picture_id", "asset"),
)
jobs = Table(
    "jobs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("picture_id", Integer, ForeignKey("pictures.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("state", String(12), nullable=False),
    Column("plan", JSON),
    Column("requester", JSON, nullable=False),
    Column("requester_key", String(80), nullable=False),  # platform:person, for daily allowances
    Column("attempts", Integer, nullable=False, default=0),
    Column("ref", Text),
    Column("take_id", Integer),
    Column("error", Text, nullable=False, default=""),
    Column("owner", String(40)),
    Column("heartbeat", DateTime),
    Column("created_at", DateTime, nullable=False),
    Index(None, "state"),
    Index(None, "requester_key", "created_at"),
)
proposals = Table(
    "proposals",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(16), nullable=False, unique=True),
    _chat(),
    Column("kind", String(10), nullable=False),
    Column("request", JSON, nullable=False),
    Column("prompt", Text, nullable=False, default=""),
    Column("state", String(10), nullable=False),
    Column("message_id", String(60)),
    Column("picture_id", Integer),
    Column("created_at", DateTime, nullable=False),
    Index(None, "chat_id", "state"),
    Index(None, "state"),
)
characters = Table(
    "characters",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner", String(200), nullable=False),
    Column("name", Text, nullable=False),
    Column("card", JSON, nullable=False),
    Column("avatar", String(64)),
    Column("prefix", Text, nullable=False, default=""),
    Column("negative", Text, nullable=False, default=""),
    Column("created_at", DateTime, nullable=False),
    UniqueConstraint("owner", "name"),
)
personas = Table(
    "personas",
    metadata,
    Column("platform", String(12), primary_key=True),
    Column("person_id", String(40), primary_key=True),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False, default=""),
    Column("avatar", String(64)),
)
styles = Table(
    "styles",
    metadata,
    Column("id", Integer, primary_key=True),
    _chat(),
    Column("name", Text, nullable=False),
    Column("prefix", Text, nullable=False, default=""),
    Column("negative", Text, nullable=False, default=""),
    UniqueConstraint("chat_id", "name"),
)
workflows = Table(  # ComfyUI workflows that people added to a chat
    "workflows",
    metadata,
    _chat(),
    Column("name", String(80), nullable=False),
    Column("graph", String(64), nullable=False),
    Column("image_graph", String(64)),  # used when there are reference images
    Column("custom", JSON, nullable=False),  # custom placeholders: name without percent signs → text with macros
    UniqueConstraint("chat_id", "name"),
)
graphs = Table(  # texts of workflows by their hash, never changed: a take is drawn again with the very graph it was drawn with
    "graphs",
    metadata,
    _chat(),
    Column("sha256", String(64), nullable=False),
    Column("text", Text, nullable=False),
    UniqueConstraint("chat_id", "sha256"),
)
variables = Table(
    "variables",
    metadata,
    _chat(),
    Column("name", String(100), nullable=False),
    Column("value", Text, nullable=False),
    UniqueConstraint("chat_id", "name"),
)
notes = Table(  # small facts of the program itself: platform offsets, command hashes, token calibration
    "notes",
    metadata,
    Column("name", String(120), primary_key=True),
    Column("value", Text, nullable=False),
)
