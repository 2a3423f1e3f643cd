"""What every channel must do, as tests to inherit: docs/adding-a-channel.md shows how.

    from syndicator.channels.conformance import ChannelConformance

    class TestTelegram(ChannelConformance):
        channel = TelegramChannel()
        settings = {"chat_id": "@morgenblatt", "bot_token": "4711:AAE-no-real-token"}

        def platform(self) -> Platform:
            return Telegram()  # a server of yours; a sandbox is one: SandboxedPlatform

A channel that does not speak HTTP inherits `MessageConformance`. The tests need pytest or any
other runner that knows its classes; nothing here imports one.
"""

from syndicator.channels.conformance.accounts import AccountRules
from syndicator.channels.conformance.changing import ChangingRules
from syndicator.channels.conformance.messages import MessageConformance
from syndicator.channels.conformance.platform import Answer, Platform, Request, SandboxedPlatform
from syndicator.channels.conformance.replying import ReplyRules
from syndicator.channels.conformance.secrecy import SecrecyRules


class ChannelConformance(ReplyRules, ChangingRules, AccountRules, SecrecyRules, MessageConformance):
    """All that a channel must do whose platform speaks HTTP."""


__all__ = [
    "Answer",
    "ChannelConformance",
    "MessageConformance",
    "Platform",
    "Request",
    "SandboxedPlatform",
]
