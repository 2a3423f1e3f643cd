"""The channels that come with Syndicator, held against what every channel must do."""

from __future__ import annotations

from syndicator.channels.bluesky.channel import BlueskyChannel
from syndicator.channels.bluesky.sandbox import BlueskySandbox
from syndicator.channels.conformance import (
    ChannelConformance,
    MessageConformance,
    Platform,
    SandboxedPlatform,
)
from syndicator.channels.facebook.channel import FacebookChannel
from syndicator.channels.facebook.sandbox import FacebookSandbox
from syndicator.channels.mastodon.channel import MastodonChannel
from syndicator.channels.mastodon.sandbox import MastodonSandbox
from syndicator.channels.x.channel import XChannel
from syndicator.channels.x.sandbox import XSandbox
from syndicator.newsletter.channel import NewsletterChannel


class TestX(ChannelConformance):
    channel = XChannel()
    settings = XSandbox.credentials
    held_at_info = ("tweepy", "oauthlib", "requests_oauthlib")

    def platform(self) -> Platform:
        return SandboxedPlatform(XSandbox)


class TestFacebook(ChannelConformance):
    channel = FacebookChannel()
    settings = FacebookSandbox.credentials
    # Photos have no message of their own.
    may_be_left_out = ("data.0.message",)

    def platform(self) -> Platform:
        return SandboxedPlatform(FacebookSandbox)


class TestMastodon(ChannelConformance):
    channel = MastodonChannel()
    settings = MastodonSandbox.credentials

    def platform(self) -> Platform:
        return SandboxedPlatform(MastodonSandbox)


class TestBluesky(ChannelConformance):
    channel = BlueskyChannel()
    settings = BlueskySandbox.credentials

    def platform(self) -> Platform:
        return SandboxedPlatform(BlueskySandbox)


class TestMail(MessageConformance):
    channel = NewsletterChannel()
    settings = {"from_address": "redaktion@magazin.example.org"}
    # It makes mailings, so it is a part of the engine.
    test_it_knows_nothing_of_the_engine = None
