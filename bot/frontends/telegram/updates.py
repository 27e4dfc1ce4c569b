"""Telegram's messages as the engine's values. Pure translation: no calls."""

from __future__ import annotations

import re
from collections.abc import Sequence

from telegram import Chat, ExternalReplyInfo, Message, User

from bot.domain.events import Attachment, Incoming
from bot.domain.places import ChatKey, Person, Place
from bot.frontends.files import mime_of

ANONYMOUS_ADMIN = 1087968824
"""The account that stands for administrators who write anonymously (Bot API: Message.from)."""


def key_of(chat: Chat, message: Message | None = None) -> ChatKey:
    """The chat, and in a forum the topic. Outside forums a thread id only marks a chain of replies and must not be sent back;
    the general topic, id 1, takes none (both: source of the official server)."""
    topic = message.message_thread_id if message is not None and message.is_topic_message else None
    return ChatKey("telegram", "", str(chat.id), str(topic) if topic and topic != 1 else "")


def place_of(chat: Chat) -> Place:
    return Place(private=chat.type == Chat.PRIVATE, title=chat.title or "")


def person_of(user: User | None, chat: Chat, sender: Chat | None = None, *, manager: bool = False) -> Person:
    """Who wrote or pressed. In private everybody manages; anonymous administrators write as their group."""
    if sender is not None and (user is None or user.id == ANONYMOUS_ADMIN or user.is_bot):
        return Person(id=str(sender.id), name=sender.title or sender.full_name or "somebody", manager=sender.id == chat.id)
    if user is None:
        return Person(id=str(chat.id), name=chat.title or "somebody")
    return Person(id=str(user.id), name=user.full_name, manager=manager or chat.type == Chat.PRIVATE)


def text_of(message: Message) -> str:
    """Words of a message: text, caption or the emoji a sticker stands for."""
    return message.text or message.caption or (message.sticker.emoji if message.sticker else "") or ""


def attachments_of(messages: Sequence[Message | ExternalReplyInfo]) -> tuple[Attachment, ...]:
    """Files of a message or album. The largest of a photo's sizes stands for it."""
    found: list[Attachment] = []
    for message in messages:
        if message.photo:
            best = message.photo[-1]
            name = f"photo_{best.file_unique_id}.jpg"
            found.append(Attachment(name=name, mime="image/jpeg", size=best.file_size or 0, handle=best.file_id))
        for file in (message.document, message.audio, message.video, message.voice):
            if file is None:
                continue
            name = getattr(file, "file_name", None) or f"file_{file.file_unique_id}"
            mime = mime_of(file.mime_type, name)
            found.append(Attachment(name=name, mime=mime, size=file.file_size or 0, handle=file.file_id))
    return tuple(found)


def answered_files(messages: Sequence[Message]) -> tuple[Attachment, ...]:
    """Files of the message that these reply to, said here or in another chat; of an album Telegram names one part. A sticker that
    stands still is a picture there; sent as a message it only says its emoji."""
    for message in messages:
        source = answered(message) or message.external_reply
        if source is None:
            continue
        sticker = source.sticker
        if sticker is None or sticker.is_animated or sticker.is_video:
            return attachments_of([source])
        name = f"sticker_{sticker.file_unique_id}.webp"
        return (Attachment(name=name, mime="image/webp", size=sticker.file_size or 0, handle=sticker.file_id),)
    return ()


def answered(message: Message) -> Message | None:
    """The message this one is a reply to; a topic's opening message, which every message of the topic answers, is none."""
    target = message.reply_to_message
    if target is None or target.forum_topic_created or (message.is_topic_message and target.message_id == message.message_thread_id):
        return None
    return target


def is_addressed(message: Message, bot: User) -> bool:
    """Whether the bot is meant: in private, by a reply to it, a mention of it, or its name."""
    if message.chat.type == Chat.PRIVATE:
        return True
    target = answered(message)
    if target is not None and target.from_user is not None and target.from_user.id == bot.id:
        return True
    entities = message.parse_entities() if message.text else message.parse_caption_entities()
    for entity, words in entities.items():
        if entity.type == "mention" and words.lower() == f"@{bot.username}".lower():
            return True
        if entity.type == "text_mention" and entity.user is not None and entity.user.id == bot.id:
            return True
    return re.search(rf"(?<!\w){re.escape(bot.first_name)}(?!\w)", text_of(message), re.IGNORECASE) is not None


def without_mention(text: str, bot: User) -> str:
    """``text`` without the bot's @name at its beginning or end."""
    name = re.escape(f"@{bot.username}")
    return re.sub(rf"^\s*{name}\b[\s,:;]*|\s*{name}\s*$", "", text, flags=re.IGNORECASE)


def incoming_of(messages: Sequence[Message], bot: User, *, manager: bool) -> Incoming:
    """A message, or an album as one message under its first id."""
    first = min(messages, key=lambda message: message.message_id)
    target = next((found for message in messages if (found := answered(message)) is not None), None)
    text = "\n".join(words for message in messages if (words := text_of(message)))
    return Incoming(
        chat=key_of(first.chat, first),
        place=place_of(first.chat),
        author=person_of(first.from_user, first.chat, first.sender_chat, manager=manager),
        message_id=str(first.message_id),
        text=without_mention(text, bot),
        sent_at=first.date,
        addressed=any(is_addressed(message, bot) for message in messages),
        reply_to=str(target.message_id) if target else None,
        forwarded=any(message.forward_origin is not None for message in messages),
        attachments=attachments_of(messages),
        replied_attachments=answered_files(messages),
    )
