using Skitai.Engine.Caching.Rules;

namespace Skitai.Engine.Tests.Caching.Rules;

public sealed class CacheStatusFieldTests
{
    [Fact]
    public void A_hit_says_how_long_it_still_is_fresh()
    {
        Assert.Equal("skitaid; hit; ttl=42", CacheStatusField.Hit(42));
        Assert.Equal("skitaid; hit; ttl=-3; detail=stale-if-error", CacheStatusField.Hit(-3, "stale-if-error"));
    }

    [Fact]
    public void A_forwarded_request_says_why()
    {
        Assert.Equal("skitaid; fwd=uri-miss", CacheStatusField.Forwarded(ForwardReason.UriMiss));
        Assert.Equal("skitaid; fwd=vary-miss; ttl=60; stored", CacheStatusField.Forwarded(ForwardReason.VaryMiss, ttl: 60, isStored: true));
        Assert.Equal("skitaid; fwd=stale; fwd-status=304; ttl=5; stored", CacheStatusField.Forwarded(ForwardReason.Stale, 304, 5, isStored: true));
        Assert.Equal("skitaid; fwd=uri-miss; ttl=5; collapsed", CacheStatusField.Forwarded(ForwardReason.UriMiss, ttl: 5, isCollapsed: true));
        Assert.Equal("skitaid; fwd=bypass; detail=upgrade", CacheStatusField.Forwarded(ForwardReason.Bypass, detail: "upgrade"));
        foreach (var reason in Enum.GetValues<ForwardReason>())
        {
            Assert.Matches("^skitaid; fwd=[a-z-]+$", CacheStatusField.Forwarded(reason));
        }
    }

    [Fact]
    public void It_goes_behind_what_caches_nearer_to_the_origin_say()
    {
        Assert.Equal("x", CacheStatusField.Append(null, "x"));
        Assert.Equal("far; hit, x", CacheStatusField.Append("far; hit", "x"));
    }
}
